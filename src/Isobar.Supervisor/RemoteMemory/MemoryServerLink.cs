using System.Net.Security;
using System.Security.Cryptography;
using System.Text.Json;
using Isobar.Linux.Paging;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.RemoteMemory;
using Isobar.Protocol.Security;
using Isobar.Supervisor.Transport;

namespace Isobar.Supervisor.RemoteMemory;

/// <summary>
/// Another machine's memory, through its daemon. Two connections: a page that somebody waits for must not stand in a queue behind 4 MiB that go. A server that is silent for some time is
/// given up for good, since all that it has is on our disk.
/// </summary>
internal sealed class MemoryServerLink : IPageServer, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SslStream _fetching;
    private readonly SslStream _keeping;
    private readonly byte[] _message = new byte[PageFrame.HeadLength + (PageFrame.MostPages * PageFrame.PageSize)];
    private volatile bool _isGone;

    private MemoryServerLink(string name, SslStream fetching, SslStream keeping) => (Name, _fetching, _keeping) = (name, fetching, keeping);

    public string Name { get; }

    public bool IsGone => _isGone;

    /// <param name="identity">Who calls.</param>
    /// <param name="node">Whose memory.</param>
    /// <param name="address">Of its daemon.</param>
    /// <param name="opening">Whose pages; the secret is made here.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">It cannot be reached, or lends nothing.</exception>
    public static async Task<MemoryServerLink> OpenAsync(ClusterIdentity identity, string node, string address, TransportOpening opening, CancellationToken cancellationToken)
    {
        // The server keeps the pages by it, so nothing that an earlier link has sent and that is still on its way can get among this link's pages.
        opening = opening with { Secret = RandomNumberGenerator.GetHexString(32) };
        try
        {
            var fetching = await JobTransport.DialForThreadsAsync(identity, address, node, PageFrame.Role, opening, cancellationToken, Patience).ConfigureAwait(false);
            try
            {
                var keeping = await JobTransport.DialForThreadsAsync(identity, address, node, PageFrame.Role, opening, cancellationToken, Patience).ConfigureAwait(false);
                return new MemoryServerLink(node, fetching, keeping);
            }
            catch
            {
                await fetching.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        catch (Exception e) when (e is TransportRefusedException or InvalidDataException or JsonException)
        {
            throw new IOException(e is TransportRefusedException ? e.Message : $"{node} ({address}) does not answer as a memory server does: {e.Message}", e);
        }
    }

    public bool Ask(uint slot, int pages) => Try(() =>
    {
        Span<byte> head = stackalloc byte[PageFrame.HeadLength];
        new PageFrame(PageFrameKind.Send, false, pages, slot).Write(head);
        _fetching.Write(head);
        return true;
    });

    public unsafe bool Receive(uint slot, Span<byte> pages)
    {
        fixed (byte* start = pages)
        {
            var (into, length) = ((nint)start, pages.Length);
            return Try(() =>
            {
                var answer = PageFrame.Read(_fetching);
                if (answer.Kind != PageFrameKind.Pages || answer.Slot != slot || answer.Bytes != length)
                    throw new InvalidDataException("A memory server sent other pages than those it was asked for.");
                if (!answer.Yes)
                    return false;
                _fetching.ReadExactly(new Span<byte>((byte*)into, length));
                return true;
            });
        }
    }

    public bool Put(uint slot, ReadOnlySpan<byte> pages)
    {
        // One message: head and pages apart would be two records.
        new PageFrame(PageFrameKind.Keep, false, pages.Length / PageFrame.PageSize, slot).Write(_message);
        pages.CopyTo(_message.AsSpan(PageFrame.HeadLength));
        var length = PageFrame.HeadLength + pages.Length;
        return Try(() =>
        {
            _keeping.Write(_message, 0, length);
            return PageFrame.Read(_keeping) is { Kind: PageFrameKind.Kept, Yes: true };
        });
    }

    public void Drop(uint slot, int pages) => Try(() =>
    {
        Span<byte> head = stackalloc byte[PageFrame.HeadLength];
        for (; pages > 0; pages -= ushort.MaxValue)
        {
            new PageFrame(PageFrameKind.Drop, false, Math.Min(pages, ushort.MaxValue), slot).Write(head);
            _keeping.Write(head);
            slot += ushort.MaxValue;
        }

        return true;
    });

    public void Dispose()
    {
        _isGone = true;
        _fetching.Dispose();
        _keeping.Dispose();
    }

    private bool Try(Func<bool> action)
    {
        if (_isGone)
            return false;
        try
        {
            return action();
        }
        catch (Exception)
        {
            // Whatever it was: what was half said cannot be taken up again, and all is on our disk.
            _isGone = true;
            return false;
        }
    }
}
