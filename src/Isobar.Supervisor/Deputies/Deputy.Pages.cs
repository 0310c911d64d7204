using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Deputies;

/// <content>Pages of the job in other machines' memory: its host does it, one order after the other, and not while the job is moved.</content>
internal sealed partial class Deputy
{
    private static readonly TimeSpan PushedWithin = TimeSpan.FromSeconds(30);
    private TaskCompletionSource<PagesPushed>? _pushing;

    /// <summary>Has the job's host push pages to a node's memory.</summary>
    public async Task<CommandDone> PageOutAsync(PageOutCommand command, CancellationToken cancellationToken)
    {
        if (!await _oneMove.WaitAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false))
            return new CommandDone($"job {_config.Place.Id} is being moved, or its pages are.");
        try
        {
            if (_host is not { } host || host.Node != command.Node)
                return new CommandDone($"job {_config.Place.Id} is not on {command.Node}.");
            _pushing = new TaskCompletionSource<PagesPushed>(TaskCreationOptions.RunContinuationsAsynchronously);
            await TellHostAsync(new PushPages(command.Server, command.ServerAddress, command.Bytes)).ConfigureAwait(false);
            await Task.WhenAny(_pushing.Task, _end.Task, Task.Delay(PushedWithin, cancellationToken)).ConfigureAwait(false);
            return !_pushing.Task.IsCompletedSuccessfully
                ? new CommandDone($"{host.Node} did not say what came of it.")
                : new CommandDone(_pushing.Task.Result.Failure, Bytes: _pushing.Task.Result.Bytes);
        }
        finally
        {
            _oneMove.Release();
        }
    }
}
