using Isobar.Linux.Kernel;

namespace Isobar.Linux.Load;

/// <summary>
/// Memory of this machine as often as anybody asks, inside of a control group's limit if there is one. The files are opened once, so that a look needs no descriptor and cannot fail; for several threads.
/// </summary>
public sealed class MemoryGauge : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ControlGroup _group = ControlGroup.OfSelf();
    private readonly KernelFileReader _file = new("/proc/meminfo");
    private readonly byte[] _buffer = new byte[4096];

    /// <summary>Memory now; all zero where the machine does not tell.</summary>
    public MachineMemory Read()
    {
        lock (_gate)
            return MachineMemory.Parse(_file.Read(_buffer)).Within(_group.MemoryLimit, _group.MemoryUsed());
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _group.Dispose();
            _file.Dispose();
        }
    }
}
