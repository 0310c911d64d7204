using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>
/// Requests that home need not see. The kernel remembers ENOSYS for POLL, BMAP and INTERRUPT and never asks again: wanted for all three. POLL: files are always ready.
/// INTERRUPT: a request under way at home may have been executed, so it cannot be taken back.
/// </summary>
internal static class LocalAnswers
{
    private const FuseInitFlags Wanted = FuseInitFlags.AsyncRead | FuseInitFlags.AtomicOpenTruncate | FuseInitFlags.BigWrites | FuseInitFlags.DontMask
        | FuseInitFlags.AutoInvalidateData | FuseInitFlags.DoReadDirPlus | FuseInitFlags.ReadDirPlusAuto | FuseInitFlags.AsyncDirectIo
        | FuseInitFlags.ParallelDirectoryOperations | FuseInitFlags.MaxPages | FuseInitFlags.CacheSymlinks | FuseInitFlags.HandleKillPrivilegesV2
        | FuseInitFlags.InitExtended | FuseInitFlags.DirectIoAllowMmap;

    /// <summary>_IOC type of the commands that go home: 'f' (flags of lsattr) and 'X' (their extended form).</summary>
    private static readonly uint[] ForwardedCommands = [0x80086601, 0x40086602, 0x801c581f, 0x401c5820];

    /// <summary>Answers if it can; otherwise the request must go home.</summary>
    public static bool TryAnswer(KernelDevice device, in FuseRequest request, int readAheadKibibytes)
    {
        var header = request.Header;
        switch (header.Opcode)
        {
            case FuseOpcode.Init:
                Init(device, request, readAheadKibibytes);
                return true;
            case FuseOpcode.Poll or FuseOpcode.Bmap or FuseOpcode.Interrupt:
                device.Answer(header.Unique, -Errno.NoSystemCall);
                return true;
            case FuseOpcode.Ioctl when !IsForwarded(request):
                device.Answer(header.Unique, -Errno.NotTerminal);
                return true;
            case FuseOpcode.Destroy:
                return true;
            default:
                return false;
        }
    }

    private static bool IsForwarded(in FuseRequest request) =>
        request.TryRead(out FuseIoctlRequest ioctl, out _) && ForwardedCommands.Contains(ioctl.Command);

    private static void Init(KernelDevice device, in FuseRequest request, int readAheadKibibytes)
    {
        if (!request.TryRead(out FuseInitRequest offer, out _))
            return;
        var offered = (FuseInitFlags)(offer.Flags | ((ulong)offer.Flags2 << 32));
        var chosen = (ulong)(offered & Wanted);
        var answer = new InitAnswer
        {
            Header = new FuseReplyHeader { Length = (uint)Marshal.SizeOf<InitAnswer>(), Unique = request.Header.Unique },
            Reply = new FuseInitReply
            {
                Major = 7,
                Minor = Math.Min(45, offer.Minor),
                MaxReadAhead = (uint)readAheadKibibytes * 1024,
                Flags = (uint)chosen,
                Flags2 = (uint)(chosen >> 32),

                // Readahead and write-back of mapped pages count as background work; the kernel's 12 would leave a link of some latency idle.
                MaxBackground = 64,
                CongestionThreshold = 48,
                MaxWrite = FrameLimits.Transfer,
                MaxPages = FrameLimits.Transfer / 4096,
                TimeGranularity = 1,
            },
        };
        device.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<InitAnswer>(in answer)));
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct InitAnswer
    {
        public FuseReplyHeader Header;
        public FuseInitReply Reply;
    }
}
