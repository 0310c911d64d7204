using System.Buffers.Text;

namespace Isobar.Linux.Processes;

/// <summary>What /proc/PID/status adds to stat (proc_pid_status(5)).</summary>
/// <param name="RealUser">Real user id in our user namespace.</param>
/// <param name="EffectiveUser">Effective user id.</param>
/// <param name="TracerPid">The process that traces it (strace, gdb, criu), 0 for none.</param>
/// <param name="EffectiveCapabilities">Bit n is capability n (capabilities(7)).</param>
/// <param name="NamespacePids">Its number in each PID namespace from ours down to its own.</param>
public sealed record ProcStatus(uint RealUser, uint EffectiveUser, int TracerPid, ulong EffectiveCapabilities, IReadOnlyList<int> NamespacePids)
{
    /// <summary>Its number in its own, innermost PID namespace.</summary>
    public int InnermostPid => NamespacePids.Count == 0 ? 0 : NamespacePids[^1];

    /// <summary>Real group id in our user namespace.</summary>
    public uint RealGroup { get; init; }

    /// <summary>Supplementary groups.</summary>
    public IReadOnlyList<uint> Groups { get; init; } = [];

    public static ProcStatus Parse(ReadOnlySpan<byte> text)
    {
        uint real = 0, effective = 0, group = 0;
        var tracer = 0;
        ulong capabilities = 0;
        List<int> pids = [];
        List<uint> groups = [];
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            var colon = line.IndexOf((byte)':');
            if (colon < 0)
                continue;
            var value = line[(colon + 1)..];
            var key = line[..colon];
            if (key.SequenceEqual("Uid"u8))
            {
                real = (uint)Next(ref value);
                effective = (uint)Next(ref value);
            }
            else if (key.SequenceEqual("Gid"u8))
            {
                group = (uint)Next(ref value);
            }
            else if (key.SequenceEqual("TracerPid"u8))
            {
                tracer = (int)Next(ref value);
            }
            else if (key.SequenceEqual("CapEff"u8))
            {
                _ = Utf8Parser.TryParse(value.TrimStart(" \t"u8), out capabilities, out _, 'x');
            }
            else if (key.SequenceEqual("Groups"u8))
            {
                while (Next(ref value) is var member and >= 0)
                    groups.Add((uint)member);
            }
            else if (key.SequenceEqual("NSpid"u8))
            {
                while (Next(ref value) is var pid and > 0)
                    pids.Add((int)pid);
            }
        }

        return new ProcStatus(real, effective, tracer, capabilities, pids) { RealGroup = group, Groups = groups };
    }

    private static long Next(ref ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" \t"u8);
        if (!Utf8Parser.TryParse(text, out long value, out var used))
            return -1;
        text = text[used..];
        return value;
    }
}
