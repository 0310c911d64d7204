using System.Buffers.Binary;
using System.Text.Json;

namespace Isobar.Protocol.Jobs;

/// <summary>The first message on a supervisor's socket: its length (u32, little endian) and its JSON, to be sent in one piece.</summary>
public static class HelloFrame
{
    public static byte[] Of(SupervisorHello hello)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(hello, JobJson.Default.SupervisorHello);
        var frame = new byte[4 + text.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, text.Length);
        text.CopyTo(frame, 4);
        return frame;
    }
}
