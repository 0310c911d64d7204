using Google.Protobuf;

namespace Isobar.Node.Store.Etcd;

/// <summary>Keys as etcd wants them.</summary>
internal static class EtcdKeys
{
    /// <summary>The end of the range of all keys with a prefix: the prefix with its last byte one higher. Our prefixes are ASCII, so it never overflows.</summary>
    public static ByteString EndOfPrefix(string prefix)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(prefix);
        bytes[^1]++;
        return ByteString.CopyFrom(bytes);
    }
}
