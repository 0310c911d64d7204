using System.Globalization;

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
