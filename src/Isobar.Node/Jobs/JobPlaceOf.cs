using System.Text.Json;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Jobs;

/// <summary>What a running job's supervisor was started with.</summary>
internal sealed class JobPlaceOf(string runFolder)
{
    public JobPlace Read()
    {
        using var file = File.OpenRead(Path.Combine(runFolder, JobFolders.ConfigName));
        return JsonSerializer.Deserialize(file, JobJson.Default.SupervisorConfig)?.Place ?? throw new JobException("the job's supervisor has lost its configuration.");
    }
}
