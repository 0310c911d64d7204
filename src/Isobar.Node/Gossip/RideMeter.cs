namespace Isobar.Node.Gossip;

/// <summary>Counts the entries that rode on other messages.</summary>
internal sealed class RideMeter
{
    private long _sent;
    private long _sentBytes;
    private long _received;

    public long Sent => Interlocked.Read(ref _sent);

    public long SentBytes => Interlocked.Read(ref _sentBytes);

    public long Received => Interlocked.Read(ref _received);

    public void OnSent(int entries, int bytes)
    {
        Interlocked.Add(ref _sent, entries);
        Interlocked.Add(ref _sentBytes, bytes);
    }

    public void OnReceived(int entries) => Interlocked.Add(ref _received, entries);
}
