using System.Globalization;
using Isobar.Protocol.Security;

namespace Isobar.Node.Life;

/// <summary>Counts the lives of this node's daemon, so that others tell its news from that of the life before.</summary>
internal static class Lives
{
    private const string FileName = "lives";

    /// <summary>The number of the life that begins now; on disk before it is used.</summary>
    /// <param name="stateDirectory">What survives a reboot.</param>
    /// <exception cref="IOException">It cannot be kept.</exception>
    public static uint Next(string stateDirectory)
    {
        var file = Path.Combine(stateDirectory, FileName);
        var last = File.Exists(file) && uint.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;
        SecretFile.Write(file, (last + 1).ToString(CultureInfo.InvariantCulture), SecretFile.Readable);
        return last + 1;
    }
}
