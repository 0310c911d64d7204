using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CsCheck;

namespace Isobar.Linux.Tests.Fuse;

/// <summary>What a guest sends is only bytes: none may break the home's process or reach beyond the served tree.</summary>
public class HostilePeerTests
{
    private const int FrameHeader = 24;
    private const int RequestHeader = 40;
    private static readonly byte[] Names = [.. "f\0..\0../../etc/passwd\0d\0.\0new\0\0a/b\0"u8];

    [Fact(Timeout = 120_000)]
    public async Task Random_requests_are_survived()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var root = Directory.CreateTempSubdirectory("isobar-hostile-").FullName;
        var inside = Directory.CreateDirectory(Path.Combine(root, "inside")).FullName;
        await File.WriteAllTextAsync(Path.Combine(inside, "f"), "file", cancellation);
        Directory.CreateDirectory(Path.Combine(inside, "d"));
        await File.WriteAllTextAsync(Path.Combine(root, "outside"), "untouched", cancellation);
        await using (var home = new LoopbackHome(inside, new(1000, 1000, [])))
        {
            await MountedView.RunAsync("/bin/chmod", ["777", inside], "/");
            var request =
                from opcode in Gen.UInt[0, 55]
                from node in Gen.ULong[0, 6]
                from body in Gen.OneOf(
                    Gen.Byte.Array[0, 80],
                    from words in Gen.OneOf(Gen.ULong[0, 6], Gen.ULong).Array[0, 8]
                    from start in Gen.Int[0, Names.Length - 1]
                    select MemoryMarshal.AsBytes<ulong>(words).ToArray().Concat(Names[start..]).ToArray())
                select (opcode, node, body);
            request.Array[1, 60].Sample(requests => Send(home, requests, cancellation), iter: 150, threads: 1);
            await home.Server.FenceAsync(1);

            // A well-behaved guest is served all the same.
            Assert.Equal(24, Answers(home, Greet(), untilEnd: false));
        }

        Assert.Equal("untouched", await File.ReadAllTextAsync(Path.Combine(root, "outside"), cancellation));
        Assert.Equal(["inside", "outside"], Directory.GetFileSystemEntries(root).Select(Path.GetFileName).Order());
        await MountedView.RunAsync("/bin/rm", ["-rf", root], "/");
    }

    [Theory(Timeout = 30_000)]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("../outside")]
    [InlineData("d/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    public async Task Names_that_lead_out_are_refused(string name)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var root = Directory.CreateTempSubdirectory("isobar-hostile-").FullName;
        await using (var home = new LoopbackHome(root))
        await using (var stream = await home.ConnectAsync(cancellation))
        {
            stream.Write(Greet());
            await stream.ReadExactlyAsync(new byte[24], cancellation);
            stream.Write(Frame(1, 1, 1, [.. System.Text.Encoding.UTF8.GetBytes(name), 0]));
            var reply = new byte[40];
            await stream.ReadExactlyAsync(reply, cancellation);
            Assert.Equal(-22, BinaryPrimitives.ReadInt32LittleEndian(reply.AsSpan(28)));
        }

        Directory.Delete(root);
    }

    [Fact(Timeout = 60_000)]
    public async Task Broken_greetings_and_frames_end_the_connection_only()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var root = Directory.CreateTempSubdirectory("isobar-hostile-").FullName;
        await using (var home = new LoopbackHome(root))
        {
            byte[][] openings =
            [
                [1, 2, 3],
                new byte[64],
                Greet(channel: 7),
                Greet(version: 9),
                Greet(resumes: 1),
                [.. Greet(), .. new byte[24]],
                [.. Greet(), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1, .. new byte[15]],
                [.. Greet(), 0x18, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, .. new byte[15]],
                [.. Greet(), .. Frame(1, 5, 1, [])],
                [.. Greet(), .. Frame(15, 1, 1, new byte[40])],
            ];
            foreach (var opening in openings)
                Assert.InRange(Answers(home, opening, untilEnd: true), 0, 24);
            Assert.Equal(24, Answers(home, Greet(), untilEnd: false));
        }

        Directory.Delete(root);
    }

    /// <summary>Sends a greeting and requests, reads what comes, and leaves.</summary>
    private static void Send(LoopbackHome home, (uint Opcode, ulong Node, byte[] Body)[] requests, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var stream = home.ConnectAsync(cancellation).AsTask().GetAwaiter().GetResult();
        stream.ReadTimeout = 200;
        try
        {
            stream.Write(Greet());
            stream.ReadExactly(new byte[24]);
            for (var i = 0; i < requests.Length; i++)
                stream.Write(Frame(requests[i].Opcode, (ulong)i + 1, requests[i].Node, requests[i].Body));
            stream.Write(Frame(38, (ulong)requests.Length + 1, 0, []));
            var sink = new byte[1 << 16];
            while (stream.Read(sink) > 0)
            {
            }
        }
        catch (IOException)
        {
            // The home may cut a connection that breaks the protocol.
        }
    }

    /// <summary>Sends bytes and counts those that come back: the answer to a greeting has 24.</summary>
    private static int Answers(LoopbackHome home, byte[] bytes, bool untilEnd)
    {
        using var stream = home.ConnectAsync(default).AsTask().GetAwaiter().GetResult();
        stream.ReadTimeout = 3000;
        stream.Write(bytes);
        if (bytes.Length < 48)
            ((NetworkStream)stream).Socket.Shutdown(SocketShutdown.Send);
        var buffer = new byte[4096];
        var total = 0;
        try
        {
            for (int read; (read = stream.Read(buffer)) > 0;)
            {
                total += read;
                if (!untilEnd)
                    break;
            }
        }
        catch (IOException failure) when (failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
        }

        return total;
    }

    private static byte[] Greet(uint channel = 0, uint version = 1, uint resumes = 0)
    {
        var greeting = new byte[48];
        "ISOBARFV"u8.CopyTo(greeting);
        BinaryPrimitives.WriteUInt32LittleEndian(greeting.AsSpan(8), version);
        BinaryPrimitives.WriteUInt32LittleEndian(greeting.AsSpan(12), channel);
        Guid.NewGuid().TryWriteBytes(greeting.AsSpan(16));
        BinaryPrimitives.WriteUInt64LittleEndian(greeting.AsSpan(32), 7);
        BinaryPrimitives.WriteUInt32LittleEndian(greeting.AsSpan(40), resumes);
        return greeting;
    }

    private static byte[] Frame(uint opcode, ulong sequence, ulong node, byte[] body)
    {
        var frame = new byte[FrameHeader + RequestHeader + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(8), sequence);
        var request = frame.AsSpan(FrameHeader);
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(request[4..], opcode);
        BinaryPrimitives.WriteUInt64LittleEndian(request[8..], sequence * 2);
        BinaryPrimitives.WriteUInt64LittleEndian(request[16..], node);
        body.CopyTo(request[RequestHeader..]);
        return frame;
    }
}
