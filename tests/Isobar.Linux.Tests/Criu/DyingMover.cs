using System.Globalization;
using Isobar.Linux.Criu;
using Isobar.Linux.Criu.Images;
using Isobar.Linux.Processes;
using Microsoft.Win32.SafeHandles;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestPipelineStartup(typeof(Isobar.Linux.Tests.Criu.DyingMover))]

namespace Isobar.Linux.Tests.Criu;

/// <summary>
/// This test program in another role: a mover that is killed by SIGKILL at the worst moment. Started with the role in its environment, it
/// never comes to running tests.
/// </summary>
public sealed class DyingMover : ITestPipelineStartup
{
    private const string Role = "ISOBAR_TEST_ROLE";

    /// <summary>Dumps the job and dies at the frozen point, or restores it and dies before the resume; returns when it is dead.</summary>
    internal static async Task RunAsync(string role, CriuTestJob job, params SafeFileHandle[] stdio)
    {
        var descriptors = new Dictionary<int, SafeFileHandle> { [2] = new(2, false) };
        for (var i = 0; i < stdio.Length; i++)
            descriptors[10 + i] = stdio[i];
        using var process = ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = Environment.ProcessPath!,
            Arguments = [Environment.ProcessPath!],
            Environment = [$"{Role}={role}", $"JOB={job.Directory}", $"INIT={job.InitPid}", $"KEYS={job.InputKey} {job.OutputKey}", $"CRIU={job.Criu.Path}", $"DOTNET_ROOT={Environment.GetEnvironmentVariable("DOTNET_ROOT")}", $"PATH={Environment.GetEnvironmentVariable("PATH")}"],
            Descriptors = descriptors,
        });
        Assert.Equal(9, (await process.WaitAsync().WaitAsync(TimeSpan.FromSeconds(30))).Signal);
    }

    public async ValueTask StartAsync(IMessageSink diagnosticMessageSink)
    {
        if (Environment.GetEnvironmentVariable(Role) is not { } role)
            return;
        try
        {
            await PlayAsync(role);
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync(e.ToString());
        }

        Environment.Exit(99);
    }

    public ValueTask StopAsync() => ValueTask.CompletedTask;

    private static async Task PlayAsync(string role)
    {
        var directory = Environment.GetEnvironmentVariable("JOB")!;
        var criu = new CriuInstallation(Environment.GetEnvironmentVariable("CRIU")!);
        var options = CriuTestJob.DumpOptionsFor(directory, int.Parse(Environment.GetEnvironmentVariable("INIT")!, CultureInfo.InvariantCulture));
        if (role == "dump")
        {
            using var images = new ImageDirectory(Path.Combine(directory, "images"));
            await CriuDump.RunAsync(criu, options, new ImageDirectorySink(images), _ => Die(), CancellationToken.None);
        }
        else
        {
            var keys = Environment.GetEnvironmentVariable("KEYS")!.Split(' ');
            var restore = CriuTestJob.RestoreOptionsFor(directory) with
            {
                InheritedDescriptors = new Dictionary<string, SafeFileHandle> { [keys[0]] = new(10, true), [keys[1]] = new(11, true) },
            };
            await CriuRestore.RunAsync(criu, restore, (_, _) => Die(), CancellationToken.None);
        }
    }

    private static Task<bool> Die()
    {
        using var self = PidFd.Open(Environment.ProcessId);
        PidFd.Signal(self, 9);
        Thread.Sleep(Timeout.Infinite);
        return Task.FromResult(true);
    }
}
