using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Protocol;

namespace Isobar.Linux.Fuse.Home;

/// <summary>What is to be done with a request that arrived.</summary>
internal enum Admission
{
    /// <summary>Execute it.</summary>
    Execute,

    /// <summary>It is under way, or was answered just now: nothing to do.</summary>
    Nothing,

    /// <summary>It breaks the protocol: the connection must end.</summary>
    Breach,
}

/// <summary>
/// One of a session's two streams of requests, over all connections that carried it. Each request is executed once: the highest number received tells what a new
/// connection brings again, and replies are kept until the guest says that it has them.
/// </summary>
internal sealed class HomeChannel
{
    /// <summary>Most bytes of kept replies. An honest guest acknowledges with its next message, so it never comes near.</summary>
    private const int KeptLimit = 32 << 20;

    private readonly Lock _gate = new();
    private readonly Lock _takeOver = new();
    private readonly object _order = new();
    private readonly HashSet<ulong> _executing = [];
    private readonly Dictionary<ulong, byte[]> _kept = [];
    private int _keptBytes;
    private ulong _received;
    private HomeConnection? _connection;
    private ulong _ordered;
    private bool _closed;

    public ulong Received
    {
        get
        {
            lock (_gate)
                return _received;
        }
    }

    /// <summary>
    /// Makes a connection the one that replies go to. What lies unread in the one before must never be executed after it came again over this one, so
    /// that one is stilled first; then <paramref name="greet"/> tells the guest how far its requests have come.
    /// </summary>
    public void TakeOver(HomeConnection connection, Action<ulong> greet)
    {
        lock (_takeOver)
        {
            Current()?.Quiesce();
            greet(Received);
            lock (_gate)
                _connection = connection;
        }
    }

    /// <summary>Cuts the connection, if there is one, and lets nobody wait any longer.</summary>
    public void Close()
    {
        lock (_order)
        {
            _closed = true;
            Monitor.PulseAll(_order);
        }

        Current()?.Abort();
    }

    /// <summary>An ordered write is done, and with it all before it.</summary>
    public void OrderedDone(ulong sequence)
    {
        lock (_order)
        {
            _ordered = Math.Max(_ordered, sequence);
            Monitor.PulseAll(_order);
        }
    }

    /// <summary>Waits until an ordered write is done; false if the session was closed.</summary>
    public bool WaitForOrdered(ulong sequence)
    {
        lock (_order)
        {
            while (_ordered < sequence && !_closed)
                Monitor.Wait(_order);
            return !_closed;
        }
    }

    public void Detach(HomeConnection connection)
    {
        lock (_gate)
        {
            if (_connection == connection)
                _connection = null;
        }
    }

    /// <summary>Takes note of a request, called in order of arrival; gives the reply to send again if there is one.</summary>
    public Admission Admit(ulong sequence, FuseOpcode opcode, out byte[]? answer)
    {
        answer = null;
        lock (_gate)
        {
            if (sequence > _received + 1)
                return Admission.Breach;
            var isNew = sequence == _received + 1;
            if (isNew)
                _received = sequence;
            else if (_executing.Contains(sequence) || _kept.TryGetValue(sequence, out answer) || !FuseOpcodes.IsRepeatable(opcode))
                return Admission.Nothing;
            if (_keptBytes > KeptLimit)
                return Admission.Breach;
            _executing.Add(sequence);
            return Admission.Execute;
        }
    }

    /// <summary>Lets go of replies that the guest has.</summary>
    public void Acknowledge(ReadOnlySpan<byte> acknowledgements)
    {
        if (acknowledgements.IsEmpty)
            return;
        lock (_gate)
        {
            foreach (var sequence in MemoryMarshal.Cast<byte, ulong>(acknowledgements))
            {
                if (_kept.Remove(sequence, out var reply))
                    _keptBytes -= reply.Length;
            }
        }
    }

    /// <summary>A request is done: keeps its reply if a second execution would do harm, and gives the connection to send it to.</summary>
    public HomeConnection? Complete(ulong sequence, FuseOpcode opcode, ReadOnlySpan<byte> reply)
    {
        var copy = FuseOpcodes.IsRepeatable(opcode) || FuseOpcodes.IsOneWay(opcode) ? null : reply.ToArray();
        lock (_gate)
        {
            _executing.Remove(sequence);
            if (copy is not null)
            {
                _kept[sequence] = copy;
                _keptBytes += copy.Length;
            }

            return _connection;
        }
    }

    private HomeConnection? Current()
    {
        lock (_gate)
            return _connection;
    }
}
