namespace Isobar.Node.Gossip;

/// <summary>Which of the last 64 counters of a sender were seen: datagrams may overtake each other, but none counts twice (as in RFC 4303, 3.4.3).</summary>
internal sealed class ReplayWindow
{
    private const int Width = 64;

    private ulong _highest;
    private ulong _seen;

    /// <summary>True the first time; false for a counter that was seen or is too old to tell.</summary>
    public bool TryTake(ulong counter)
    {
        if (counter > _highest)
        {
            var ahead = counter - _highest;
            _seen = ahead >= Width ? 1 : (_seen << (int)ahead) | 1;
            _highest = counter;
            return true;
        }

        var behind = _highest - counter;
        if (counter == 0 || behind >= Width)
            return false;
        var bit = 1UL << (int)behind;
        if ((_seen & bit) != 0)
            return false;
        _seen |= bit;
        return true;
    }
}
