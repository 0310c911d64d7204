using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Owners;

/// <content>Constants and words.</content>
public sealed partial class CondorRule
{
    private static readonly ReasonForm NotIdle = new(
        "condor", "{node} refuses {job}: {a} s since input (more than {b} needed), owner's load {c} (at most {d})", "input-seconds needed load limit");

    private static readonly ReasonForm Matched = new(
        "condor", "{job} starts on {node}: speed {a}, {b} guests, {c} s since input", "speed guests input-seconds");

    private static readonly ReasonForm OwnerBack = new(
        "condor", "{job} is suspended: {a} s since the owner's input, his load is {b}", "input-seconds load");

    private static readonly ReasonForm Quiet = new("condor", "{job} runs on: {a} s since the owner's input, his load is {b}", "input-seconds load");

    private static readonly ReasonForm MustGo = new(
        "condor", "{job} must leave {node} after {a} s here: {b} s since the owner's input", "here-seconds input-seconds");

    private static readonly ReasonForm OutOfTime = new("condor", "{job} is killed: it is vacating for {a} s, {b} are allowed", "seconds limit");

    private static readonly ReasonForm Periodic = new("condor", "{job} is checkpointed: the last one is {a} s old, {b} are allowed", "seconds limit");

    public static Policy<RuleFactory> Policy { get; } = new(
        "condor",
        "Guests on idle machines; an owner's return suspends, then vacates them",
        "Condor condor_config.generic (UWCS)",
        [
            PolicyParameter.Number("startIdleSeconds", 900, 0, 1e6, "Seconds without input before guests start: StartIdleTime 15 min"),
            PolicyParameter.Number("continueIdleSeconds", 300, 0, 1e6, "Seconds without input before a suspended guest runs on: ContinueIdleTime 5 min"),
            PolicyParameter.Number("maxSuspendSeconds", 600, 0, 1e6, "Longest suspension: MaxSuspendTime 10 min"),
            PolicyParameter.Number("maxVacateSeconds", 600, 0, 1e6, "Longest vacating: MaxVacateTime 10 min"),
            PolicyParameter.Number("backgroundLoad", 0.3, 0, 1000, "Owner's load up to which the CPU is idle: BackgroundLoad"),
            PolicyParameter.Number("highLoad", 0.5, 0, 1000, "Owner's load from which the CPU is busy: HighLoad"),
            PolicyParameter.Number("keyboardBusySeconds", 60, 0, 1e6, "Input within this time: KeyboardBusy"),
            PolicyParameter.Number("cpuBusySeconds", 120, 0, 1e6, "A busy CPU for longer suspends: 2 min"),
            PolicyParameter.Number("activationSeconds", 90, 0, 1e6, "A guest younger than this is not suspended for load: 90 s"),
            PolicyParameter.Number("minSuspendedSeconds", 10, 0, 1e6, "Shortest suspension: 10 s"),
            PolicyParameter.Number("wantVacateSeconds", 600, 0, 1e6, "A guest younger than this is killed instead of vacated: 10 min"),
            PolicyParameter.Number("checkpointSeconds", 10800, 1, 1e9, "Seconds between two checkpoints: 3 h"),
            PolicyParameter.Number("smallJobMegabytes", 15, 0, 1e9, "Smaller guests may be suspended even with the keyboard busy: SmallJob 15 MB"),
            PolicyParameter.Switch("vanilla", false, "Vanilla universe: always suspend first, always vacate"),
            PolicyParameter.Number("maxAgeSeconds", 900, 0, 1e6, "Older news is not used; ours"),
        ],
        values =>
        {
            var settings = new Settings
            {
                StartIdleSeconds = values["startIdleSeconds"],
                ContinueIdleSeconds = values["continueIdleSeconds"],
                MaxSuspendSeconds = values["maxSuspendSeconds"],
                MaxVacateSeconds = values["maxVacateSeconds"],
                BackgroundLoad = values["backgroundLoad"],
                HighLoad = values["highLoad"],
                KeyboardBusySeconds = values["keyboardBusySeconds"],
                CpuBusySeconds = values["cpuBusySeconds"],
                ActivationSeconds = values["activationSeconds"],
                MinSuspendedSeconds = values["minSuspendedSeconds"],
                WantVacateSeconds = values["wantVacateSeconds"],
                CheckpointSeconds = values["checkpointSeconds"],
                SmallJobBytes = values["smallJobMegabytes"] * 1e6,
                Vanilla = values.On("vanilla"),
                MaxAgeSeconds = values["maxAgeSeconds"],
            };
            if (settings.BackgroundLoad > settings.HighLoad)
                throw new BalancingException("condor: backgroundLoad is above highLoad; a CPU cannot be idle and busy at once.");
            return _ => new CondorRule(settings);
        });

    /// <summary>The constants of the policy; defaults are the file's.</summary>
    public sealed record Settings
    {
        public double StartIdleSeconds { get; init; }

        public double ContinueIdleSeconds { get; init; }

        public double MaxSuspendSeconds { get; init; }

        public double MaxVacateSeconds { get; init; }

        public double BackgroundLoad { get; init; }

        public double HighLoad { get; init; }

        public double KeyboardBusySeconds { get; init; }

        public double CpuBusySeconds { get; init; }

        public double ActivationSeconds { get; init; }

        public double MinSuspendedSeconds { get; init; }

        public double WantVacateSeconds { get; init; }

        public double CheckpointSeconds { get; init; }

        public double SmallJobBytes { get; init; }

        public bool Vanilla { get; init; }

        public double MaxAgeSeconds { get; init; }
    }
}
