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

    // Many a node knows one program only, and in a large simulation a table for it would be a third of what is allocated: so there is none before the second one.
    private ulong _firstProgram;
    private Signature _first;
    private Dictionary<ulong, Signature>? _byProgram;

    public int Count => _byProgram?.Count ?? (_firstProgram == 0 ? 0 : 1);

    public bool TryGet(ulong program, out Signature signature)
    {
        if (_byProgram is not null)
            return _byProgram.TryGetValue(program, out signature);
        bool known = program != 0 && program == _firstProgram;
        signature = known ? _first : default;
        return known;
    }

    public void Learn(in JobEnd ended)
    {
        if (ended.Program == 0)
            return;
        if (!TryGet(ended.Program, out Signature old))
        {
            if (Count >= capacity)
                Evict();
            Set(ended.Program, new Signature(ended.CpuSeconds, ended.CpuSeconds, ended.PeakResidentBytes, ended.HomeIoBytes, 1));
            return;
        }

        Set(
            ended.Program,
            new Signature(
                Mix(old.CpuSeconds, ended.CpuSeconds),
                Math.Exp(Mix(Math.Log(old.TypicalCpuSeconds + Least), Math.Log(ended.CpuSeconds + Least))) - Least,
                Mix(old.ResidentBytes, ended.PeakResidentBytes),
                Mix(old.HomeIoBytes, ended.HomeIoBytes),
                old.Runs + 1));
    }

    private void Set(ulong program, in Signature signature)
    {
        if (_byProgram is null && (_firstProgram == 0 || _firstProgram == program))
        {
            (_firstProgram, _first) = (program, signature);
            return;
        }

        _byProgram ??= new Dictionary<ulong, Signature> { [_firstProgram] = _first };
        _byProgram[program] = signature;
    }

    private double Mix(double old, double now) => old + (now - old) * weight;

    private void Evict()
    {
        if (_byProgram is null)
        {
            _firstProgram = 0;
            return;
        }

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
