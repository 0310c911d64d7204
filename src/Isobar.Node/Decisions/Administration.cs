using Isobar.Node.Jobs;
using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Node.Settings;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Decisions;

/// <summary>What an administrator does with a node: this one, or another by asking it. openMosix's mosctl had the same words.</summary>
internal sealed class Administration(AdminState state, LivePolicies policies, HomeJobs jobs, HomeMoves moves, ClusterRuntime runtime)
{
    private const int BringAtOnce = 2;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BringDeadline = TimeSpan.FromMinutes(30);

    public Task<AdminReply> AskAsync(AdminRequest request, CancellationToken cancellation)
    {
        if (request.Node == runtime.NodeName)
            return DoAsync(request, cancellation);
        var deadline = DateTime.UtcNow + (request.Action == AdminAction.Bring ? BringDeadline : Deadline);
        return new PeerBalance.PeerBalanceClient(runtime.Require().Peers.To(request.Node)).AdminAsync(request, deadline: deadline, cancellationToken: cancellation).ResponseAsync;
    }

    /// <summary>Does it here.</summary>
    public async Task<AdminReply> DoAsync(AdminRequest request, CancellationToken cancellation)
    {
        switch (request.Action)
        {
            case AdminAction.Drain:
                state.IsDrained = true;
                break;
            case AdminAction.Undrain:
                state.IsDrained = false;
                state.IsClosing = false;
                break;
            case AdminAction.Close:
                state.IsClosing = true;
                break;
            case AdminAction.Reopen:
                state.IsClosing = false;
                break;
            case AdminAction.Block:
                state.IsBlocked = true;
                break;
            case AdminAction.Unblock:
                state.IsBlocked = false;
                break;
            case AdminAction.Expel when policies.Load.Jobs.GuestFolders() > 0:
                state.Expel();
                break;
            case AdminAction.Expel or AdminAction.Look:
                break;
            case AdminAction.Bring:
                return await BringAsync(cancellation);
            default:
                throw new ClusterException($"{runtime.NodeName} does not know the action {request.Action}: its daemon is older than the command.");
        }

        // By what daemon and deputies know: the look at the processes is up to a second old, and who empties a machine turns it off next.
        var guests = policies.Load.Jobs.GuestFolders();
        if (guests == 0)
            state.Expelled();
        var own = jobs.List(all: false).Count(job => job.Node == runtime.NodeName && job.State is not (JobState.Done or JobState.Lost));
        return new AdminReply { Jobs = guests + own, Guests = guests };
    }

    /// <summary>All jobs of this home come back; they may be moved again when a better machine exists.</summary>
    private async Task<AdminReply> BringAsync(CancellationToken cancellation)
    {
        var reply = new AdminReply();
        using var gate = new SemaphoreSlim(BringAtOnce);
        var away = jobs.List(all: false).Where(job => job.Node != runtime.NodeName && job.State is not (JobState.Done or JobState.Lost)).ToList();
        foreach (var line in await Task.WhenAll(away.Select(job => BringAsync(job, gate, cancellation))))
        {
            reply.Lines.Add(line.Text);
            reply.Failures += line.Failed ? 1 : 0;
        }

        return reply;
    }

    private async Task<(string Text, bool Failed)> BringAsync(JobStatus job, SemaphoreSlim gate, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            var reply = await moves.BringHomeAsync(job.Id, cancellation);
            return reply.Failure.Length == 0 ? ($"{job.Id} came back from {job.Node}", false) : ($"{job.Id} stays on {job.Node}: {reply.Failure}", true);
        }
        finally
        {
            gate.Release();
        }
    }
}
