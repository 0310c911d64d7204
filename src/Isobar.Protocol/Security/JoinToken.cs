using System.Buffers.Text;
using System.Security.Cryptography;
using Isobar.Protocol.Cluster;

namespace Isobar.Protocol.Security;

/// <summary>
/// What <c>isobar cluster invite</c> prints: the number of the invitation, its secret, and the SHA-256 of the cluster's authority certificate, so that the new
/// member knows whom it talks to before it shows the secret.
/// </summary>
public sealed record JoinToken(byte[] InviteId, byte[] Secret, byte[] AuthorityPin)
{
    private const string Prefix = "isobar1-";
    private const int IdLength = 8;
    private const int SecretLength = 16;
    private const int PinLength = SHA256.HashSizeInBytes;
    private const int ChecksumLength = 4;
    private const int Length = IdLength + SecretLength + PinLength + ChecksumLength;

    public static JoinToken Create(ReadOnlySpan<byte> authorityPin) =>
        new(RandomNumberGenerator.GetBytes(IdLength), RandomNumberGenerator.GetBytes(SecretLength), authorityPin.ToArray());

    /// <summary>What is kept of a secret: its SHA-256. 128 random bits need no salt and no slow hash.</summary>
    public static byte[] HashSecret(ReadOnlySpan<byte> secret) => SHA256.HashData(secret);

    /// <summary>Whether a shown secret is the one whose hash was kept; takes the same time wherever they differ.</summary>
    public static bool SecretMatches(ReadOnlySpan<byte> shown, ReadOnlySpan<byte> keptHash) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(shown), keptHash);

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        InviteId.CopyTo(bytes);
        Secret.CopyTo(bytes[IdLength..]);
        AuthorityPin.CopyTo(bytes[(IdLength + SecretLength)..]);
        SHA256.HashData(bytes[..^ChecksumLength])[..ChecksumLength].CopyTo(bytes[^ChecksumLength..]);
        return Prefix + Base64Url.EncodeToString(bytes);
    }

    /// <exception cref="ClusterException">Not a token, or not a whole one (a checksum tells).</exception>
    public static JoinToken Parse(string text)
    {
        text = text.Trim();
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
            throw new ClusterException($"this is no join token (it does not begin with {Prefix}): copy the whole command that `isobar cluster invite` printed.");
        Span<byte> bytes = stackalloc byte[Length];
        if (!Base64Url.IsValid(text.AsSpan(Prefix.Length), out var decoded) || decoded != Length
            || Base64Url.DecodeFromChars(text.AsSpan(Prefix.Length), bytes) != Length
            || !SHA256.HashData(bytes[..^ChecksumLength]).AsSpan(0, ChecksumLength).SequenceEqual(bytes[^ChecksumLength..]))
            throw new ClusterException("the join token is cut off or has a typing error: copy the whole command that `isobar cluster invite` printed.");
        return new JoinToken(
            bytes[..IdLength].ToArray(),
            bytes.Slice(IdLength, SecretLength).ToArray(),
            bytes.Slice(IdLength + SecretLength, PinLength).ToArray());
    }
}
