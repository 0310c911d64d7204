using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Isobar.Node.Membership;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Jobs;

/// <summary>What can be asked of the jobs whose home is here, whoever asks; the asker's rights are checked here and nowhere else.</summary>
internal sealed class JobDesk(HomeJobs jobs, JobFolders folders, PlacementView view, ClusterRuntime runtime)
{
    private const int LogChunk = 64 * 1024;
    private static readonly TimeSpan FollowEvery = TimeSpan.FromMilliseconds(200);

    public string Node => runtime.NodeName;

    public IReadOnlyList<JobStatus> List(bool all) => jobs.List(all);

    public bool Knows(string job) => jobs.Knows(job);

    /// <summary>Carries out one command and yields what its job's supervisor tells; the last is a <see cref="CommandDone"/>.</summary>
    /// <param name="job">Its id or name.</param>
    /// <param name="command">What is wanted.</param>
    /// <param name="uid">Who wants it.</param>
    /// <param name="cancellationToken">When the caller has gone.</param>
    /// <param name="isBalancer">The daemon's own wish and not a user's.</param>
    public async IAsyncEnumerable<SupervisorEvent> CommandAsync(
        string job, SupervisorCommand command, uint uid, [EnumeratorCancellation] CancellationToken cancellationToken, bool isBalancer = false)
    {
        var status = Mine(job, uid);
        if (status.State is JobState.Done or JobState.Lost)
        {
            yield return command is AwaitCommand && status.State == JobState.Done
                ? new CommandDone(End: new JobEnd(status.ExitCode ?? 0, status.Reason))
                : new CommandDone(status.State == JobState.Done ? $"job {status.Id} has ended." : $"job {status.Id} is lost: {status.Reason}");
            yield break;
        }

        // Where pages go, and under which address, is for daemons to say.
        if (command is PageOutCommand && uid != 0)
        {
            yield return new CommandDone("only rules push pages of a job to other machines' memory.");
            yield break;
        }

        if (command is MoveCommand move)
        {
            var target = view.Resolve(move.TargetNode, runtime.NodeName);
            // Who names a node means it; the best one is for the balancer to judge, now and later.
            if (!isBalancer)
                jobs.SetChosen(status.Id, move.TargetNode != PlacementView.Best);
            command = move with { TargetNode = target, TargetAddress = view.AddressOf(target) };
            if (target == status.Node && move.TargetNode == PlacementView.Best)
            {
                yield return new CommandDone();
                yield break;
            }
        }

        var answered = false;
        var happenings = SupervisorClient.AskAsync(folders.HomeRunOf(status.Id), new CommandHello(command), cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (happenings)
        {
            while (await NextAsync(happenings))
            {
                answered |= happenings.Current is CommandDone;
                yield return happenings.Current;
            }
        }

        // The job ended while it was asked: its record knows how.
        if (!answered)
            yield return Ended(command, status.Id);
    }

    /// <summary>The ledger of a job.</summary>
    public IReadOnlyList<MoveRecord> Moves(string job, uint uid) => JobRecords.Moves(folders.RecordOf(Mine(job, uid).Id));

    /// <summary>The newest moves of all jobs of this home that the user may see, the ended jobs on record too, oldest first.</summary>
    public IReadOnlyList<MoveRecord> AllMoves(uint uid, int most) =>
    [
        .. jobs.List(all: true).Where(job => uid == 0 || uid == job.Uid)
            .SelectMany(job => JobRecords.Moves(folders.RecordOf(job.Id)).Select(move => move with { Job = job.Id }))
            .OrderByDescending(move => move.When).Take(most).OrderBy(move => move.When),
    ];

    /// <summary>The kept output of a detached job, and what comes while it runs when it is to be followed.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> LogsAsync(
        string job, uint uid, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var status = Mine(job, uid);
        if (!status.Detached)
            throw new JobException($"job {status.Id} was not detached: its output went to where it was started, and was not kept.");
        var path = JournalFile.LogIn(folders.RecordOf(status.Id));
        var buffer = new byte[LogChunk];
        long at = 0;
        while (true)
        {
            var ended = !jobs.IsLive(status.Id);
            if (File.Exists(path))
            {
                using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                int length;
                while ((length = RandomAccess.Read(file, buffer, at)) > 0)
                {
                    at += length;
                    yield return buffer.AsMemory(0, length);
                }
            }

            if (!follow || ended)
                yield break;
            await Task.Delay(FollowEvery, cancellationToken);
        }
    }

    private JobStatus Mine(string job, uint uid)
    {
        var status = jobs.Find(job);
        return uid == 0 || uid == status.Uid
            ? status
            : throw new JobException($"job {status.Id} is another user's: only he and root may do that.");
    }

    private CommandDone Ended(SupervisorCommand command, string id)
    {
        var status = JobRecords.Status(folders.RecordOf(id));
        if (status?.State != JobState.Done)
            return new CommandDone($"job {id} is lost: its supervisor is gone.");
        return command is AwaitCommand ? new CommandDone(End: new JobEnd(status.ExitCode ?? 0, status.Reason)) : new CommandDone($"job {id} has ended.");
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<SupervisorEvent> happenings)
    {
        try
        {
            return await happenings.MoveNextAsync();
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
