using System.Globalization;

namespace Isobar.Simulation.Metrics;

/// <summary>A figure of a run by name, for tables, CSV files and plots.</summary>
/// <param name="Name">Column of CSV files.</param>
/// <param name="Title">Heading for people, with the unit.</param>
/// <param name="Of">Takes it from a result.</param>
/// <param name="LessIsBetter">Whether the least value of a column is the best one; null: neither.</param>
public sealed record RunMetric(string Name, string Title, Func<RunResult, double> Of, bool? LessIsBetter)
{
    /// <summary>All figures, the main ones first.</summary>
    public static IReadOnlyList<RunMetric> All { get; } =
    [
        new("slowdown_mean", "slowdown", r => r.MeanSlowdown, true),
        new("slowdown_median", "median", r => r.MedianSlowdown, true),
        new("slowdown_p95", "p95", r => r.P95Slowdown, true),
        new("slowdown_p99", "p99", r => r.P99Slowdown, true),
        new("delay_mean_s", "delay s", r => r.MeanDelay, true),
        new("delay_p99_s", "p99 delay s", r => r.P99Delay, true),
        new("response_mean_s", "response s", r => r.MeanResponse, true),
        new("makespan_s", "makespan s", r => r.Makespan, true),
        new("fairness_jain", "fairness", r => r.Fairness, false),
        new("utilisation", "utilisation", r => r.Utilisation, null),
        new("placements", "remote starts", r => r.Placements, null),
        new("moves", "moves", r => r.Moves, null),
        new("moves_most", "most of one", r => r.MostMoves, true),
        new("aborts", "aborts", r => r.Aborts, null),
        new("refusals", "refusals", r => r.Refusals, null),
        new("moved_bytes", "bytes moved", r => r.BytesMoved, true),
        new("messages_node_s", "msgs/node s", r => r.MessagesPerNodeSecond, true),
        new("load_bytes_node_s", "bytes/node s", r => r.LoadBytesPerNodeSecond, true),
        new("busiest_messages_s", "busiest node msgs/s", r => r.BusiestNodeMessagesPerSecond, true),
        new("attached_entries", "entries attached", r => r.AttachedEntries, null),
        new("information_age_s", "age s", r => r.InformationAge, true),
        new("acted_age_s", "acted age s", r => r.ActedAge, true),
        new("stale_share", "stale", r => r.StaleShare, true),
        new("wrong_share", "wrong", r => r.WrongShare, true),
        new("owner_slowdown", "owner slowdown", r => r.OwnerSlowdown, true),
        new("guest_s_beside_owner", "guest s beside owner", r => r.GuestSecondsBesideOwner, true),
        new("suspensions", "suspensions", r => r.Suspensions, null),
        new("kills", "memory kills", r => r.Kills, true),
        new("kills_avoided", "kills avoided", r => r.KillsAvoided, false),
        new("thrashings", "thrashings", r => r.Thrashings, true),
        new("restarts", "restarts", r => r.Restarts, true),
        new("lost_cpu_s", "lost CPU s", r => r.LostCpu, true),
        new("unfinished", "unfinished", r => r.Unfinished, true),
        new("processes", "processes", r => r.Processes, null),
        new("events", "events", r => r.Events, null),
    ];

    public static RunMetric Named(string name) => All.FirstOrDefault(metric => metric.Name == name)
        ?? throw new SimulationException($"There is no figure {name}; there are {string.Join(", ", All.Select(metric => metric.Name))}.");

    /// <summary>At most four digits that mean something; nothing for what is not known.</summary>
    public static string Format(double value) => Math.Abs(value) switch
    {
        double.NaN => "",
        0 => "0",
        >= 1e6 => (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + "M",
        >= 1e4 => (value / 1e3).ToString("0.#", CultureInfo.InvariantCulture) + "k",
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("0.000", CultureInfo.InvariantCulture),
    };
}
