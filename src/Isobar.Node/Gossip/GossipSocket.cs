using System.Net;
using System.Net.Sockets;
using Isobar.Balancing;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;
using Isobar.Linux.Threads;
using Isobar.Node.Policies;

namespace Isobar.Node.Gossip;

/// <summary>Who gets what was in a datagram.</summary>
internal delegate void GossipReceiver(NodeId from, in LoadMessage message);

/// <summary>
/// The node's one datagram socket, at the number of its TCP port. Sends are made at once and never wait: a datagram that does not go out is counted and forgotten,
/// as one that is lost on the way.
/// </summary>
internal sealed partial class GossipSocket : IOutbox, IAsyncDisposable
{
    /// <summary>How soon the end of the daemon is seen where nothing arrives.</summary>
    private static readonly TimeSpan LookAtEnd = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(15);

    private readonly Socket _socket;
    private readonly DatagramSealer _sealer;
    private readonly DatagramOpener _opener;
    private readonly GossipKeys _keys;
    private readonly TimeProvider _time;
    private readonly Func<Instant> _clock;
    private readonly ILogger _log;
    private readonly byte[] _plain = new byte[DatagramForm.MaxSize];
    private readonly byte[] _sealed = new byte[DatagramForm.MaxSize];
    private readonly byte[] _arrived = new byte[DatagramForm.MaxSize];
    private readonly byte[] _opened = new byte[DatagramForm.MaxSize];
    private readonly LoadEntry[] _entries = new LoadEntry[LoadMessageCodec.MaxEntries];
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _sending = new();
    private readonly Lock _opening = new();
    private NodeNumbers _members;
    private Task _receiving = Task.CompletedTask;

    /// <exception cref="SocketException">The port is taken.</exception>
    public GossipSocket(IPEndPoint listen, NodeNumbers members, ulong session, GossipKeys keys, TimeProvider time, Func<Instant> clock, ILogger<GossipSocket> log)
    {
        (_members, _keys, _time, _clock, _log) = (members, keys, time, clock, log);
        _socket = new Socket(listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        try
        {
            _socket.Bind(listen);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        _sealer = new DatagramSealer(members.Self, session);
        _opener = new DatagramOpener(members.Self);
        TakeKeys();
        keys.Changed += TakeKeys;
    }

    public GossipMeter Meter { get; } = new();

    /// <summary>The members that are sent to and heard from now on.</summary>
    public void Use(NodeNumbers members)
    {
        Volatile.Write(ref _members, members);
        TakeKeys();
    }

    /// <summary>
    /// Receives on a thread of its own: several times a second for as long as the daemon lives, where the way over the sockets' event loop and the pool wakes up three
    /// threads for each datagram.
    /// </summary>
    public void Start(GossipReceiver receiver) => _receiving = WaitingThreads.RunAsync("isobar-gossip", () => Receive(receiver));

    public void Send(NodeId target, in LoadMessage message)
    {
        var address = Volatile.Read(ref _members).AddressOf(target);
        if (address is null || message.EncodedSize + DatagramForm.Overhead > DatagramForm.MaxSize || _keys.Ring.ToSealWith(_time.GetUtcNow(), Settle) is not { } key)
        {
            Meter.OnUnsent();
            return;
        }

        lock (_sending)
        {
            _sealer.Use(key);
            var length = LoadMessageCodec.Encode(in message, _clock(), _plain);
            var size = _sealer.Seal(_plain.AsSpan(0, length), target, _sealed);
            try
            {
                _socket.SendTo(_sealed.AsSpan(0, size), SocketFlags.None, address);
                Meter.OnSent(size);
            }
            catch (SocketException)
            {
                // No route, no room: the next one goes out in half a second.
                Meter.OnUnsent();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _keys.Changed -= TakeKeys;
        await _stop.CancelAsync();
        await _receiving;
        _socket.Dispose();
        _sealer.Dispose();
        _opener.Dispose();
        _stop.Dispose();
    }

    private void TakeKeys()
    {
        var members = Volatile.Read(ref _members);
        lock (_opening)
            _opener.Use(_keys.Ring, members.IsMember);
    }

    private void Receive(GossipReceiver receiver)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (_socket.Poll(LookAtEnd, SelectMode.SelectRead))
                    Take(_socket.Receive(_arrived), receiver);
            }
            catch (SocketException e)
            {
                // The kernel tells of ICMP errors here: a daemon that is down. What was sent is lost, nothing else.
                if (e.SocketErrorCode is not (SocketError.ConnectionRefused or SocketError.ConnectionReset or SocketError.WouldBlock))
                    LogTrouble(e.Message);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // One bad message must not end the listening, and the daemon with it.
                LogTrouble(e.ToString());
            }
        }
    }

    private void Take(int size, GossipReceiver receiver)
    {
        Opening opening;
        NodeId from;
        int length;
        lock (_opening)
            opening = _opener.TryOpen(_arrived.AsSpan(0, size), _opened, out from, out length);
        if (opening == Opening.Opened && LoadMessageCodec.TryDecode(_opened.AsSpan(0, length), _clock(), _entries, out var kind, out var count))
        {
            Meter.OnReceived(opening, size);
            receiver(from, new LoadMessage(kind, _entries.AsSpan(0, count)));
            return;
        }

        Meter.OnReceived(opening == Opening.Opened ? Opening.Malformed : opening, size);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "gossip: nothing can be received: {Reason}")]
    private partial void LogTrouble(string reason);
}
