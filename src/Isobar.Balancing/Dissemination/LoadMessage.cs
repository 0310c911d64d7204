using Isobar.Balancing.Load;

namespace Isobar.Balancing.Dissemination;

/// <summary>What a message of the dissemination stage is for.</summary>
public enum MessageKind : byte
{
    /// <summary>Here is news; no answer.</summary>
    Push = 1,

    /// <summary>Send me what you have; may carry the asker's own entry.</summary>
    Pull = 2,

    /// <summary>Answer to <see cref="Pull"/>.</summary>
    Reply = 3,

    /// <summary>A node's own entry for its master, manager or group leader.</summary>
    Report = 4,

    /// <summary>A leader's entry for its whole group, to other leaders or down to its members.</summary>
    Summary = 5,
}

/// <summary>
/// A message as a value: valid only during the call that hands it over; who keeps it copies the entries. Entries carry stamps on the
/// reader's clock; on the wire they are ages (<see cref="LoadMessageCodec"/>).
/// </summary>
public readonly ref struct LoadMessage
{
    public LoadMessage(MessageKind kind, ReadOnlySpan<LoadEntry> entries)
    {
        Kind = kind;
        Entries = entries;
    }

    public MessageKind Kind { get; }

    public ReadOnlySpan<LoadEntry> Entries { get; }

    /// <summary>Bytes of its encoding, without the headers of UDP and IP (28 bytes) and without a seal.</summary>
    public int EncodedSize => LoadMessageCodec.SizeOf(Entries.Length);
}

/// <summary>Where a protocol puts what it wants to send. The host encodes or copies at once.</summary>
public interface IOutbox
{
    void Send(NodeId target, in LoadMessage message);
}
