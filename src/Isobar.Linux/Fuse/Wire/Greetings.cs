using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Wire;

/// <summary>The first bytes of a connection: which session of which incarnation it belongs to.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Greeting
{
    /// <summary>"ISOBARFV" and the version of this protocol.</summary>
    public const ulong ExpectedMagic = 0x5646_5241_424F_5349;
    public const uint ExpectedVersion = 1;

    public ulong Magic;
    public uint Version;
    public uint Channel;
    public Guid Session;
    public ulong Incarnation;

    /// <summary>1: the session must exist at home already, since this side has open files there.</summary>
    public uint Resumes;
    public uint Padding;
}

/// <summary>The home's answer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GreetingReply
{
    public ulong Magic;
    public GreetingStatus Status;

    /// <summary>1: processes of several users use this view, so the guest's kernel must check permissions (default_permissions).</summary>
    public uint ManyUsers;

    /// <summary>Highest request number that arrived on this channel.</summary>
    public ulong Received;
}

/// <summary>Whether a connection is welcome.</summary>
internal enum GreetingStatus : uint
{
    Welcome = 0,
    UnknownSession = 1,
    OldIncarnation = 2,
    TooManySessions = 3,
    OtherProtocol = 4,
}

/// <summary>The connections of one session.</summary>
internal enum ChannelKind
{
    /// <summary>Everything but contents; opens the session.</summary>
    Metadata = 0,

    /// <summary>READ and WRITE.</summary>
    Bulk = 1,
}
