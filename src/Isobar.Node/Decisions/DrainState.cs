using Isobar.Node.Hosting;
using Isobar.Protocol.Security;

namespace Isobar.Node.Decisions;

/// <summary>Whether an administrator emptied this node. Kept on its own disk, so that it holds over a restart and needs no store.</summary>
internal sealed class DrainState(DaemonOptions options)
{
    private string Note => Path.Combine(options.StateDirectory, "drained");

    public bool IsDrained
    {
        get => File.Exists(Note);
        set
        {
            if (value)
                SecretFile.Write(Note, "", SecretFile.Readable);
            else
                File.Delete(Note);
        }
    }
}
