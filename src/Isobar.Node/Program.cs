using Isobar.Linux.Processes;
using Isobar.Node.Hosting;
using Isobar.Node.Jobs;
using Isobar.Protocol;

// What spreads a crowd of jobs must not queue behind it: the daemon, the supervisors that it starts and CRIU come before the jobs, which get their users' nice
// value. Ten steps are about nine times the weight of an ordinary process.
OwnPriority.Raise(10);

// Errors before the log exists are one sentence, as the command's are.
try
{
    var parsed = DaemonCommand.Create(RunAsync).Parse(args);
    parsed.InvocationConfiguration.EnableDefaultExceptionHandler = false;
    // The host handles the signals: a clean end stops the store's member, too.
    parsed.InvocationConfiguration.ProcessTerminationTimeout = null;
    return await parsed.InvokeAsync();
}
catch (IsobarException e)
{
    await Console.Error.WriteLineAsync($"isobard: {e.Message}");
    return 1;
}

static async Task<int> RunAsync(DaemonOptions options, CancellationToken cancellation)
{
    using var state = StateLock.Take(options.StateDirectory);
    await using var app = DaemonHost.Build(options, JobsFeature.AddServices, JobsFeature.MapServices);
    await app.RunAsync(cancellation);
    return 0;
}
