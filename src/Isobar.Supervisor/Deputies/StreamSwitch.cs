using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;

namespace Isobar.Supervisor.Deputies;

/// <summary>
/// The job's input and output at its home: between its user, who is a command that waits or a file of a detached job, and whichever host it runs at. A move
/// neither loses a byte nor gives one twice.
/// </summary>
internal sealed class StreamSwitch : IDisposable
{
    private readonly Lock _gate = new();
    private readonly OutputRoute[] _outputs = [new(), new()];
    private readonly List<Task> _outputPumps = [];
    private readonly TaskCompletionSource _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ResumableLink? _host;
    private LinkChannel? _user;
    private BytePump? _input;
    private KeptOutput? _kept;
    private ReadOnlyMemory<byte> _again;
    private bool _paused;

    /// <summary>The first host: output comes from there, and input goes there as soon as there is any.</summary>
    public void Begin(ResumableLink host)
    {
        _outputs[0].Append(host[JobChannels.Output]);
        _outputs[1].Append(host[JobChannels.Error]);
        lock (_gate)
        {
            _host = host;
            StartInput();
        }
    }

    /// <summary>The user's command has come: output goes there, and input comes from there.</summary>
    public void Attach(ResumableLink user)
    {
        Connect(_outputs[0], user[JobChannels.Output].WriteSomeAsync, user[JobChannels.Output].Complete);
        Connect(_outputs[1], user[JobChannels.Error].WriteSomeAsync, user[JobChannels.Error].Complete);
        lock (_gate)
        {
            _user = user[JobChannels.Input];
            StartInput();
        }

        _attached.TrySetResult();
    }

    /// <summary>Nobody waits for the job: both outputs are kept in one file.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be opened.</exception>
    public void Keep(string path)
    {
        var kept = _kept = new KeptOutput(path);
        foreach (var route in _outputs)
            Connect(route, kept.WriteAsync);

        _attached.TrySetResult();
    }

    /// <summary>Stops the flow of input to the present host. A user who comes in the middle of a move waits for its end.</summary>
    public async Task PauseInputAsync()
    {
        BytePump? input;
        lock (_gate)
        {
            _paused = true;
            input = _input;
        }

        if (input is not null)
            await input.PauseAsync().ConfigureAwait(false);
    }

    /// <summary>The move came to nothing: input flows to the present host again. Nothing happens when it was not stopped.</summary>
    public void ResumeInput()
    {
        lock (_gate)
        {
            if (!_paused)
                return;
            _paused = false;
            if (_input is { } input)
                input.Start();
            else
                StartInput();
        }
    }

    /// <summary>The job runs at another host from now on; input was paused.</summary>
    /// <param name="host">Where.</param>
    /// <param name="sent">How far the job had read and written at the last one.</param>
    public void SwitchTo(ResumableLink host, Sent sent)
    {
        _outputs[0].EndCurrent(sent.Output);
        _outputs[1].EndCurrent(sent.Error);
        _outputs[0].Append(host[JobChannels.Output]);
        _outputs[1].Append(host[JobChannels.Error]);
        lock (_gate)
        {
            // What the job has not read comes first: a job that reads nothing may be moved again before all of it is handed on.
            _again = (byte[])[.. sent.UnreadInput, .. _host![JobChannels.Input].Unconsumed(sent.InputTaken), .. _input?.TakePending() ?? [], .. _again.Span];
            _host = host;
            _input = null;
            _paused = false;
            StartInput();
        }
    }

    /// <summary>The job has ended: after what its last host still gives, nothing comes.</summary>
    public void Finish()
    {
        // A host that is told nothing more would wait for ever with its outputs open.
        foreach (var route in _outputs)
            route.Finish();
    }

    /// <summary>
    /// The user has got everything, however slowly he reads: a pump ends when all was taken, or when its reader has gone. A user who has not come at all is
    /// waited for a while only.
    /// </summary>
    public async Task DeliveredAsync(TimeSpan userMustCome, CancellationToken cancellationToken)
    {
        await Task.WhenAny(_attached.Task, Task.Delay(userMustCome, cancellationToken)).ConfigureAwait(false);
        await Task.WhenAll(_outputPumps).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _kept?.Dispose();

    private void Connect(OutputRoute route, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<int>> writeSome, Action? atEnd = null)
    {
        var pump = new BytePump(route.ReadAsync, writeSome, atEnd);
        pump.Start();
        _outputPumps.Add(pump.Completion);
    }

    // Under the gate.
    private void StartInput()
    {
        if (_paused || _host is null || _user is not { } user)
            return;
        var target = _host[JobChannels.Input];
        _input = new BytePump((into, cancellationToken) => ReadInputAsync(user, into, cancellationToken), target.WriteSomeAsync, target.Complete);
        _input.Start();
    }

    private async ValueTask<int> ReadInputAsync(LinkChannel user, Memory<byte> into, CancellationToken cancellationToken)
    {
        if (_again.Length > 0)
        {
            var length = Math.Min(_again.Length, into.Length);
            _again[..length].CopyTo(into);
            _again = _again[length..];
            return length;
        }

        try
        {
            return await user.ReadAsync(into, cancellationToken).ConfigureAwait(false);
        }
        catch (LinkClosedException)
        {
            // The user has gone.
            return 0;
        }
    }
}
