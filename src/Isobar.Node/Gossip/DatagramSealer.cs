using System.Buffers.Binary;
using System.Security.Cryptography;
using Isobar.Balancing;

namespace Isobar.Node.Gossip;

/// <summary>
/// The form of a datagram: a header in clear (version, key, sender, session, counter), then the sealed message, then the tag of AES-256-GCM. The receiver is not
/// sent but sealed in, so that a datagram is good for one machine only.
/// </summary>
/// <remarks>
/// A sender's key is derived from the cluster's key, its number and its session, so the counter alone makes a nonce that is never used twice under one
/// key: sessions grow with each start of the daemon and end in random bits, for a machine that was set back to an older state.
/// </remarks>
internal static class DatagramForm
{
    public const byte Version = 1;
    public const int HeaderSize = 25;
    public const int TagSize = 16;
    public const int Overhead = HeaderSize + TagSize;

    /// <summary>The largest payload of UDP over IPv4.</summary>
    public const int MaxSize = 65507;

    private const int KeySize = 32;
    private const int KeyOffset = 1;
    private const int SenderOffset = 5;
    private const int SessionOffset = 9;
    private const int CounterOffset = 17;

    public static void WriteHeader(Span<byte> to, uint key, NodeId sender, ulong session, ulong counter)
    {
        to[0] = Version;
        BinaryPrimitives.WriteUInt32LittleEndian(to[KeyOffset..], key);
        BinaryPrimitives.WriteInt32LittleEndian(to[SenderOffset..], sender.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(to[SessionOffset..], session);
        BinaryPrimitives.WriteUInt64LittleEndian(to[CounterOffset..], counter);
    }

    public static bool TryReadHeader(ReadOnlySpan<byte> from, out uint key, out NodeId sender, out ulong session, out ulong counter)
    {
        (key, sender, session, counter) = (0, NodeId.None, 0, 0);
        if (from.Length < Overhead || from[0] != Version)
            return false;
        key = BinaryPrimitives.ReadUInt32LittleEndian(from[KeyOffset..]);
        sender = new NodeId(BinaryPrimitives.ReadInt32LittleEndian(from[SenderOffset..]));
        session = BinaryPrimitives.ReadUInt64LittleEndian(from[SessionOffset..]);
        counter = BinaryPrimitives.ReadUInt64LittleEndian(from[CounterOffset..]);
        return !sender.IsNone;
    }

    public static AesGcm Derive(ReadOnlySpan<byte> clusterKey, NodeId sender, ulong session)
    {
        Span<byte> info = stackalloc byte[27];
        "isobar gossip 1"u8.CopyTo(info);
        BinaryPrimitives.WriteInt32LittleEndian(info[15..], sender.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(info[19..], session);
        Span<byte> key = stackalloc byte[KeySize];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, clusterKey, key, salt: default, info);
        var cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    public static void WriteNonce(Span<byte> nonce, ulong counter)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], counter);
    }

    /// <summary>What is authenticated without being sealed: the header and the receiver.</summary>
    public static void WriteAssociated(Span<byte> to, ReadOnlySpan<byte> header, NodeId receiver)
    {
        header[..HeaderSize].CopyTo(to);
        BinaryPrimitives.WriteInt32LittleEndian(to[HeaderSize..], receiver.Value);
    }

    public const int AssociatedSize = HeaderSize + 4;
    public const int NonceSize = 12;
}

/// <summary>Seals what this node sends. One thread at a time.</summary>
internal sealed class DatagramSealer(NodeId self, ulong session) : IDisposable
{
    private AesGcm? _cipher;
    private uint _key;
    private ulong _counter;

    /// <summary>Seals with this key from now on.</summary>
    public void Use(GossipKey key)
    {
        if (_cipher is not null && _key == key.Id)
            return;
        _cipher?.Dispose();
        _cipher = DatagramForm.Derive(key.Secret, self, session);
        _key = key.Id;
    }

    /// <summary>Makes a datagram of a message; its size.</summary>
    public int Seal(ReadOnlySpan<byte> message, NodeId receiver, Span<byte> datagram)
    {
        var cipher = _cipher ?? throw new InvalidOperationException("no key was given");
        DatagramForm.WriteHeader(datagram, _key, self, session, ++_counter);
        Span<byte> nonce = stackalloc byte[DatagramForm.NonceSize];
        DatagramForm.WriteNonce(nonce, _counter);
        Span<byte> associated = stackalloc byte[DatagramForm.AssociatedSize];
        DatagramForm.WriteAssociated(associated, datagram, receiver);
        var body = datagram.Slice(DatagramForm.HeaderSize, message.Length);
        cipher.Encrypt(nonce, message, body, datagram.Slice(DatagramForm.HeaderSize + message.Length, DatagramForm.TagSize), associated);
        return message.Length + DatagramForm.Overhead;
    }

    public void Dispose() => _cipher?.Dispose();
}
