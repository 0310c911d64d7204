using System.Security.Cryptography;
using Isobar.Balancing;

namespace Isobar.Node.Gossip;

/// <summary>What became of a datagram that came in.</summary>
internal enum Opening
{
    Opened,

    /// <summary>Not of our form: too short, another version.</summary>
    Malformed,

    /// <summary>The sender's number is none of the roster.</summary>
    Stranger,

    /// <summary>Sealed with a key that this node does not have, or not any more.</summary>
    UnknownKey,

    /// <summary>The tag is wrong: changed on the way, made without the key, or meant for another node.</summary>
    Forged,

    /// <summary>Seen before, or of an earlier life of the sender.</summary>
    Replayed,
}

/// <summary>Opens what others sealed for this node. One thread at a time; nothing is remembered of a datagram that is not authentic.</summary>
internal sealed class DatagramOpener(NodeId self) : IDisposable
{
    private readonly Dictionary<NodeId, Sender> _senders = [];
    private GossipKeyRing _ring = GossipKeyRing.Empty;
    private Func<NodeId, bool> _isMember = static _ => false;

    /// <summary>The keys and members that count from now on.</summary>
    public void Use(GossipKeyRing ring, Func<NodeId, bool> isMember)
    {
        (_ring, _isMember) = (ring, isMember);
        foreach (var (node, sender) in _senders)
        {
            sender.Forget(ring);
            if (!isMember(node))
            {
                sender.Dispose();
                _senders.Remove(node);
            }
        }
    }

    public Opening TryOpen(ReadOnlySpan<byte> datagram, Span<byte> message, out NodeId from, out int length)
    {
        length = 0;
        if (!DatagramForm.TryReadHeader(datagram, out var keyId, out from, out var session, out var counter) || datagram.Length - DatagramForm.Overhead > message.Length)
            return Opening.Malformed;
        if (from == self || !_isMember(from))
            return Opening.Stranger;
        if (_ring.Find(keyId) is not { } key)
            return Opening.UnknownKey;
        _senders.TryGetValue(from, out var sender);
        if (sender is not null && session < sender.Session)
            return Opening.Replayed;
        var isNew = sender is null || session > sender.Session;
        var cipher = isNew ? DatagramForm.Derive(key.Secret, from, session) : sender!.CipherOf(key, from);
        if (!IsAuthentic(cipher, datagram, counter, message, out length))
        {
            if (isNew)
                cipher.Dispose();
            return Opening.Forged;
        }

        if (isNew)
        {
            sender?.Dispose();
            _senders[from] = sender = new Sender(session, keyId, cipher);
        }

        return sender!.Window.TryTake(counter) ? Opening.Opened : Opening.Replayed;
    }

    public void Dispose()
    {
        foreach (var sender in _senders.Values)
            sender.Dispose();
        _senders.Clear();
    }

    private bool IsAuthentic(AesGcm cipher, ReadOnlySpan<byte> datagram, ulong counter, Span<byte> message, out int length)
    {
        length = datagram.Length - DatagramForm.Overhead;
        Span<byte> nonce = stackalloc byte[DatagramForm.NonceSize];
        DatagramForm.WriteNonce(nonce, counter);
        Span<byte> associated = stackalloc byte[DatagramForm.AssociatedSize];
        DatagramForm.WriteAssociated(associated, datagram, self);
        try
        {
            cipher.Decrypt(nonce, datagram.Slice(DatagramForm.HeaderSize, length), datagram[^DatagramForm.TagSize..], message[..length], associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>One life of one sender: its derived ciphers, and which of its counters were seen.</summary>
    private sealed class Sender(ulong session, uint key, AesGcm cipher) : IDisposable
    {
        private readonly Dictionary<uint, AesGcm> _ciphers = new() { [key] = cipher };

        public ulong Session => session;

        public ReplayWindow Window { get; } = new();

        public AesGcm CipherOf(GossipKey key, NodeId node)
        {
            if (!_ciphers.TryGetValue(key.Id, out var known))
                _ciphers[key.Id] = known = DatagramForm.Derive(key.Secret, node, session);
            return known;
        }

        public void Forget(GossipKeyRing ring)
        {
            foreach (var (id, old) in _ciphers)
            {
                if (ring.Find(id) is not null)
                    continue;
                old.Dispose();
                _ciphers.Remove(id);
            }
        }

        public void Dispose()
        {
            foreach (var known in _ciphers.Values)
                known.Dispose();
            _ciphers.Clear();
        }
    }
}
