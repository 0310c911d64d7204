using Isobar.Balancing;
using Isobar.Node.Hosting;
using Isobar.Node.Load;
using Isobar.Protocol.Security;

namespace Isobar.Node.Settings;

/// <summary>
/// What an administrator decided for this node. Kept on its own disk, so that it holds over a restart and needs no store; what holds for a shutdown only, in the run
/// folder, which the next boot empties.
/// </summary>
internal sealed class AdminState(DaemonOptions options)
{
    private const double LongestExpulsion = 600;

    private readonly Note _drained = new(Path.Combine(options.StateDirectory, "drained"));
    private readonly Note _blocked = new(Path.Combine(options.StateDirectory, "blocked"));
    private readonly Note _closing = new(Path.Combine(options.RunDirectory, "closing"));
    private Instant _expelsUntil = Instant.Never;

    /// <summary>Everything that can must leave, and nothing comes in.</summary>
    public bool IsDrained { get => _drained.IsSet; set => _drained.IsSet = value; }

    /// <summary>No guests come; those that are here stay.</summary>
    public bool IsBlocked { get => _blocked.IsSet; set => _blocked.IsSet = value; }

    /// <summary>The machine is being shut down: guests must leave, and none come before the next boot.</summary>
    public bool IsClosing { get => _closing.IsSet; set => _closing.IsSet = value; }

    /// <summary>Guests must leave now; over when the last one has, or after ten minutes.</summary>
    public bool IsExpelling => MachineLoad.Now < _expelsUntil;

    public void Expel() => _expelsUntil = MachineLoad.Now + LongestExpulsion;

    public void Expelled() => _expelsUntil = Instant.Never;

    /// <summary>A decision that is a file, known in memory.</summary>
    private sealed class Note(string path)
    {
        private bool? _isSet;

        public bool IsSet
        {
            get => _isSet ??= File.Exists(path);
            set
            {
                if (value)
                    SecretFile.Write(path, "", SecretFile.Readable);
                else
                    File.Delete(path);
                _isSet = value;
            }
        }
    }
}
