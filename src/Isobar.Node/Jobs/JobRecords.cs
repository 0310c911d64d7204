using Isobar.Protocol.Jobs;

namespace Isobar.Node.Jobs;

/// <summary>What a journal says of a job that has no supervisor any more.</summary>
public static class JobRecords
{
    /// <summary>The job's status, or null when there is no record of it.</summary>
    public static JobStatus? Status(string recordFolder)
    {
        JobStatus? status = null;
        foreach (var entry in JournalFile.Read(recordFolder))
        {
            status = entry switch
            {
                JobCreated created => new JobStatus
                {
                    Id = created.Id,
                    Name = created.Name,
                    Uid = created.Uid,
                    Command = created.Command,
                    Started = created.At,
                    Detached = created.Detached,
                    Stay = created.Stay,
                    State = JobState.Lost,
                    Node = JobId.Parse(created.Id).Home,
                    Incarnation = 0,
                    Reason = "its supervisor is gone: the machine went down, or it was killed.",
                },
                JobPlaced placed when status is not null => status with { Node = placed.Node, Incarnation = placed.Incarnation },
                MoveTried { Move.Committed: true } when status is not null => status with { Moves = status.Moves + 1 },
                JobFinished finished when status is not null => status with
                {
                    State = JobState.Done,
                    Ended = finished.At,
                    ExitCode = finished.End.ExitCode,
                    Reason = finished.End.Reason,
                    CpuSeconds = finished.CpuSeconds,
                },
                _ => status,
            };
        }

        return status;
    }

    /// <summary>The ledger: every move that was tried, with what was measured of it afterwards.</summary>
    public static IReadOnlyList<MoveRecord> Moves(string recordFolder) =>
        [.. MoveGains.Merge(recordFolder, JournalFile.Read(recordFolder).OfType<MoveTried>().Select(entry => entry.Move))];
}
