using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Consideration;

/// <summary>A node with jobs and what it knows of others, for tests of rules. Node 0 is the node itself.</summary>
internal sealed class Scene
{
    public static readonly Instant Start = Instant.FromSeconds(100_000);

    private LoadEntry _self = Machine(0, 0);
    private NodeState _state = new()
    {
        IsLoadPerCapacity = true,
        OwnerIdleSeconds = double.PositiveInfinity,
        LastMoveStarted = Instant.Never,
    };

    public Instant Now { get; set; } = Start;

    public CostModel Costs { get; set; } = CostModel.Of1996;

    public List<JobInfo> Jobs { get; } = [];

    public List<LoadEntry> Others { get; } = [];

    public JobLimits? Limits { get; set; }

    public Roster Roster { get; set; } = new RangeRoster(8);

    public RandomSource Random { get; set; } = new(42);

    public ref LoadEntry Self => ref _self;

    public ref NodeState State => ref _state;

    public static LoadEntry Machine(int node, float ready, int cores = 1, float speed = 1) => new()
    {
        Node = new NodeId(node),
        Stamp = Start,
        Ready = ready,
        Load = ready / (cores * speed),
        Cores = (ushort)cores,
        Speed = speed,
        SlowestSpeed = speed,
        Capacity = cores * speed,
        FreeMemoryMiB = 8192,
        TotalMemoryMiB = 16384,
        OwnerIdleSeconds = ushort.MaxValue,
    };

    public static ConsiderationRule Rule(string policy, params (string Name, double Value)[] parameters) =>
        Policies.Consideration.Bind(policy, "test", parameters.Select(p => KeyValuePair.Create(p.Name, p.Value)))(new NodeId(0));

    /// <summary>A running job of this node, old enough for every minimum.</summary>
    public static JobInfo Job(int id, double cpu, double megabytes = 1, int home = 0) => new()
    {
        Id = new JobId(id),
        Home = new NodeId(home),
        Node = new NodeId(0),
        CpuSeconds = cpu,
        CpuSecondsHere = cpu,
        Load = 1,
        Tasks = 1,
        ResidentBytes = (long)(megabytes * (1 << 20)),
        Started = Start - 10_000,
        ArrivedHere = Start - 5_000,
        LastCheckpoint = Start - 100,
        StateSince = Instant.Never,
    };

    /// <summary>Adds equal jobs and sets all loads of the node accordingly.</summary>
    public Scene WithJobs(params JobInfo[] jobs)
    {
        Jobs.AddRange(jobs);
        SetReady(Jobs.Count(j => j.IsRunning));
        return this;
    }

    public Scene WithOthers(params LoadEntry[] others)
    {
        Others.AddRange(others);
        return this;
    }

    public Scene SetReady(double ready)
    {
        _self.Ready = (float)ready;
        _self.Load = (float)(ready / _self.Capacity);
        _state.ReadyNow = ready;
        _state.LocalReady = ready;
        _state.LocalLoad = ready / _self.Capacity;
        return this;
    }

    public Plan Decide(ConsiderationRule rule, Trigger trigger = Trigger.Periodic, bool explains = true)
    {
        var plan = new Plan(explains);
        RandomSource random = Random;
        new RuleChain(rule).Decide(Snapshot(), trigger, ref random, plan);
        Random = random;
        return plan;
    }

    public PlannedAction Single(ConsiderationRule rule, Trigger trigger = Trigger.Periodic)
    {
        Plan plan = Decide(rule, trigger);
        Assert.Equal(1, plan.Actions.Length);
        AssertExplained(plan.Actions[0].Reason, rule.Name);
        return plan.Actions[0];
    }

    public Placement Place(ConsiderationRule rule, JobInfo job)
    {
        RandomSource random = Random;
        Placement placement = new RuleChain(rule).Place(Snapshot(), in job, ref random);
        Random = random;
        return placement;
    }

    public Acceptance Judge(ConsiderationRule rule, JobOffer offer) => new RuleChain(rule).Judge(Snapshot(), in offer);

    public Snapshot Snapshot() => new(
        Now,
        in _self,
        in _state,
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Jobs),
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Others),
        Costs,
        Roster)
    { Limits = Limits };

    /// <summary>A reason has words without holes and a number for every name.</summary>
    public static void AssertExplained(Reason reason, string rule)
    {
        Assert.Equal(rule, reason.Rule);
        string text = reason.Describe(n => "beta", j => "alpha-1");
        Assert.NotEmpty(text);
        Assert.DoesNotContain("{", text, StringComparison.Ordinal);
        Assert.All(reason.Fields(), f => Assert.False(double.IsNaN(f.Value), $"{f.Key} in: {text}"));
    }
}

/// <summary>Every job may run on these nodes alone.</summary>
internal sealed class OnlyOn(params int[] nodes) : JobLimits
{
    public override bool Allows(JobId job, NodeId node) => nodes.Contains(node.Value);
}
