namespace Isobar.Balancing.Dissemination;

/// <summary>
/// Who is the master now: the first of a list that is not silent. Each node judges alone; when the master was silent for the time-out the next
/// in the list is taken, and a master before the present one that is heard again is taken back.
/// </summary>
internal struct Succession(double timeoutSeconds)
{
    private Instant _heard = Instant.Never;
    private int _index;

    /// <summary>The master's place in the list of <paramref name="count"/> candidates.</summary>
    public readonly int Index(int count) => count == 0 ? -1 : _index % count;

    /// <summary>
    /// The first call starts the time; later ones pass to the next candidate after the time-out, but never beyond the node itself, which lives.
    /// </summary>
    /// <param name="own">The node's own place in the list.</param>
    public void OnTick(Instant now, int own)
    {
        if (_heard == Instant.Never)
            _heard = now;
        if (now - _heard > timeoutSeconds)
        {
            _index++;
            _heard = now;
        }

        if (own >= 0 && _index >= own)
        {
            _index = own;
            _heard = now;
        }
    }

    /// <summary>News from the candidate at this place.</summary>
    public void OnHeard(Instant now, int index, int count)
    {
        int present = Index(count);
        if (index < 0 || index > present)
            return;
        _index = index;
        _heard = now;
    }
}
