using Isobar.Protocol.Cluster;
using Isobar.Protocol.Security;

namespace Isobar.Node.Hosting;

/// <summary>One daemon per state directory: flock(2) on a file in it, gone with the process however it ends.</summary>
internal sealed class StateLock : IDisposable
{
    private readonly FileStream _file;

    private StateLock(FileStream file) => _file = file;

    /// <exception cref="ClusterException">Another daemon has it, or the directory cannot be made.</exception>
    public static StateLock Take(string stateDirectory)
    {
        try
        {
            SecretFile.CreateFolder(stateDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ClusterException($"the state directory {stateDirectory} cannot be made ({e.Message}): start isobard as root, or choose another with --state-dir.", e);
        }
        try
        {
            return new StateLock(new FileStream(Path.Combine(stateDirectory, "isobard.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e)
        {
            throw new ClusterException($"another isobard uses {stateDirectory}: end it, or choose another directory with --state-dir.", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
