using System.Globalization;
using Isobar.Cli.Terminal;

namespace Isobar.Cli.Jobs;

/// <summary>User names of this machine.</summary>
internal static class UserNames
{
    private static readonly Lazy<Dictionary<string, string>> Known = new(Read);

    public static string Of(uint uid)
    {
        var number = uid.ToString(CultureInfo.InvariantCulture);
        return Known.Value.GetValueOrDefault(number, number);
    }

    /// <summary>The number of a user of this machine, by name or number.</summary>
    /// <exception cref="CommandException">There is no such user.</exception>
    public static uint NumberOf(string user)
    {
        if (uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return number;
        var found = Known.Value.FirstOrDefault(known => known.Value == user).Key;
        return found is null ? throw new CommandException($"this machine has no user {user}: give a name of /etc/passwd, or a number.") : uint.Parse(found, CultureInfo.InvariantCulture);
    }

    private static Dictionary<string, string> Read()
    {
        var names = new Dictionary<string, string>();
        try
        {
            foreach (var line in File.ReadLines("/etc/passwd"))
            {
                var fields = line.Split(':');
                if (fields.Length > 2)
                    names.TryAdd(fields[2], fields[0]);
            }
        }
        catch (IOException)
        {
            // Numbers do as well.
        }

        return names;
    }
}
