using System.Text;

namespace Isobar.Protocol.Security;

/// <summary>Writes files that must be there whole or not at all, readable by their owner only if they are secret.</summary>
public static class SecretFile
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode OwnerOnlyFolder = OwnerOnly | UnixFileMode.UserExecute;
    public const UnixFileMode Readable = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>
    /// Writes a temporary file beside <paramref name="path"/> with the final mode from its first byte, syncs it and renames it over the old one, so that a
    /// reader or a crash sees the old or the new content.
    /// </summary>
    public static void Write(string path, string content, UnixFileMode mode = OwnerOnly)
    {
        var temporary = $"{path}.{Environment.ProcessId}.new";
        File.Delete(temporary);
        using (var stream = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = mode,
        }))
        {
            stream.Write(Encoding.UTF8.GetBytes(content));
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>A folder that only its owner enters, made if it is not there.</summary>
    public static void CreateFolder(string path)
    {
        Directory.CreateDirectory(path, OwnerOnlyFolder);
        File.SetUnixFileMode(path, OwnerOnlyFolder);
    }
}
