namespace Isobar.Balancing.Consideration.Placing;

/// <summary>What a program needed, learnt at each of its ends.</summary>
/// <param name="CpuSeconds">The mean: what counts for the sum of all delays.</param>
/// <param name="TypicalCpuSeconds">The geometric mean: one long run among many short ones does not make a program long.</param>
public readonly record struct Signature(double CpuSeconds, double TypicalCpuSeconds, double ResidentBytes, double HomeIoBytes, int Runs);

/// <summary>
/// Concert2's signatures per program [systems.md S14.2]: exponential means, so that a program that changes is learnt anew. Bounded: when it is full, the
/// program with the fewest runs among a few drawn by position makes room.
/// </summary>
public sealed class SignatureStore(int capacity, double weight)
{
    private const int Looked = 8;

    // Shorter than a clock tick is as short as a clock tick: keeps the logarithm of 0 away.
    private const double Least = 0.01;

    private readonly Dictionary<ulong, Signature> _byProgram = [];

    public int Count => _byProgram.Count;

    public bool TryGet(ulong program, out Signature signature) => _byProgram.TryGetValue(program, out signature);

    public void Learn(in JobEnd ended)
    {
        if (ended.Program == 0)
            return;
        if (!_byProgram.TryGetValue(ended.Program, out Signature old))
        {
            if (_byProgram.Count >= capacity)
                Evict();
            _byProgram[ended.Program] = new Signature(ended.CpuSeconds, ended.CpuSeconds, ended.PeakResidentBytes, ended.HomeIoBytes, 1);
            return;
        }

        _byProgram[ended.Program] = new Signature(
            Mix(old.CpuSeconds, ended.CpuSeconds),
            Math.Exp(Mix(Math.Log(old.TypicalCpuSeconds + Least), Math.Log(ended.CpuSeconds + Least))) - Least,
            Mix(old.ResidentBytes, ended.PeakResidentBytes),
            Mix(old.HomeIoBytes, ended.HomeIoBytes),
            old.Runs + 1);
    }

    private double Mix(double old, double now) => old + (now - old) * weight;

    private void Evict()
    {
        ulong victim = 0;
        int fewest = int.MaxValue;
        int looked = 0;
        foreach ((ulong program, Signature signature) in _byProgram)
        {
            if (signature.Runs < fewest)
                (victim, fewest) = (program, signature.Runs);
            if (++looked == Looked)
                break;
        }

        _byProgram.Remove(victim);
    }
}
