using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Isobar.Balancing.Consideration;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Security;

namespace Isobar.Node.Policies;

/// <summary>
/// What a move costs a job on this cluster, learnt from the moves that this node saw: a fixed part from small ones, the rate of the copy from large ones. Kept
/// over restarts of the daemon.
/// </summary>
internal sealed class MoveCosts(string file)
{
    // What a move of an ordinary process took on the two-core machine of the first tests; a few moves replace it.
    private const double FirstFixedSeconds = 0.3;
    private const double FirstBytesPerSecond = 300e6;
    private const double PlacementSeconds = 0.05;

    // Two supervisors, two CRIUs and four TLS handshakes: 0.15 CPU s together for a small job on that machine, whose speed is 1.7.
    // Measured before supervisors went from job to job with their connections, which took about a quarter of it away: a little more than it is now.
    private const double StandardCpuSeconds = 0.13;

    private const double Weight = 0.3;
    private const long Small = 32L << 20;
    private const long Large = 128L << 20;
    private const double LeastFixed = 0.02;
    private const double LeastRate = 1e6;

    private readonly Lock _gate = new();
    private Learnt _learnt = Load(file);

    public CostModel Model
    {
        get
        {
            lock (_gate)
                return new CostModel(_learnt.FixedSeconds, _learnt.BytesPerSecond, 1, PlacementSeconds, StandardCpuSeconds);
        }
    }

    public int Moves
    {
        get
        {
            lock (_gate)
                return _learnt.Moves;
        }
    }

    public void Learn(MoveRecord move)
    {
        if (!move.Committed || move.FreezeSeconds <= 0)
            return;
        lock (_gate)
        {
            var (fixedPart, rate) = (_learnt.FixedSeconds, _learnt.BytesPerSecond);
            if (move.Bytes <= Small)
                fixedPart = Math.Max(LeastFixed, Mix(fixedPart, move.FreezeSeconds - (move.Bytes / rate)));
            else if (move.Bytes >= Large && move.FreezeSeconds > fixedPart)
                rate = Math.Max(LeastRate, 1 / Mix(1 / rate, (move.FreezeSeconds - fixedPart) / move.Bytes));
            _learnt = new Learnt { FixedSeconds = fixedPart, BytesPerSecond = rate, Moves = _learnt.Moves + 1 };
            Save();
        }
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Model.FixedSeconds:0.00} s and 1 s for each {Model.BytesPerSecond / 1e6:0} MB");

    // The first moves count more than a later one, so that the guess is gone quickly.
    private double Mix(double old, double now) => old + (Math.Max(Weight, 1.0 / (_learnt.Moves + 2)) * (now - old));

    private void Save()
    {
        try
        {
            SecretFile.Write(file, JsonSerializer.Serialize(_learnt, MoveCostsJson.Default.Learnt), SecretFile.Readable);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is learnt again after a restart.
        }
    }

    private static Learnt Load(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), MoveCostsJson.Default.Learnt) ?? new Learnt();
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return new Learnt();
        }
    }

    internal sealed record Learnt
    {
        public double FixedSeconds { get; init; } = FirstFixedSeconds;

        public double BytesPerSecond { get; init; } = FirstBytesPerSecond;

        public int Moves { get; init; }
    }
}

[JsonSerializable(typeof(MoveCosts.Learnt))]
internal sealed partial class MoveCostsJson : JsonSerializerContext;
