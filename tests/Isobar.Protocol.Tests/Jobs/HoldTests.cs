using System.Text.Json;
using Isobar.Protocol.Jobs;

namespace Isobar.Protocol.Tests.Jobs;

public sealed class HoldTests
{
    [Theory]
    [InlineData(HoldKind.Suspended, true)]
    [InlineData(HoldKind.Frozen, true)]
    [InlineData(HoldKind.Background, false)]
    public void How_a_job_is_held_back_survives_the_wire(HoldKind kind, bool isStill)
    {
        var status = Sent(Running with { Held = new Hold("why", kind) });
        Assert.Equal(new Hold("why", kind), status.Held);
        Assert.Equal(isStill, status.Held!.IsStill);
        Assert.Equal((isStill ? "why" : null, isStill ? null : "why"), (status.Suspended, status.Background));
        Assert.Null(Sent(status with { Held = null }).Held);
    }

    [Fact]
    public void One_way_to_be_held_back_takes_the_place_of_another()
    {
        var status = Running with { Held = new Hold("waits", HoldKind.Background) };
        status = status with { Held = new Hold("he is back") };
        Assert.Equal(("he is back", null, false), (status.Suspended, status.Background, status.IsFrozen));
    }

    private static JobStatus Running => JobStatus.Begin("alpha-1", TestJob.Spec, "alpha", DateTimeOffset.UnixEpoch);

    private static JobStatus Sent(JobStatus status) =>
        JsonSerializer.Deserialize(JsonSerializer.Serialize(status, JobJson.Default.JobStatus), JobJson.Default.JobStatus)!;
}
