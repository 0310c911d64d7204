using Isobar.Linux.Kernel;
using Isobar.Linux.Pipes;
using Isobar.Linux.Terminals;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;

namespace Isobar.Supervisor.Hosting;

/// <summary>The pumps between a job's descriptors and its link to the deputy.</summary>
internal sealed class JobStreams
{
    private readonly JobStdio _stdio;
    private readonly ResumableLink _link;
    private readonly BytePump? _input;
    private readonly OutputSide _output;
    private readonly OutputSide _error;

    public JobStreams(JobStdio stdio, ResumableLink link)
    {
        _stdio = stdio;
        _link = link;
        var input = link[JobChannels.Input];
        if (stdio.Input is { } pipe)
            _input = new BytePump(input.ReadAsync, pipe.WriteSomeAsync, pipe.Dispose);
        else if (stdio.Terminal is { } terminal)
            _input = new BytePump(input.ReadAsync, terminal.WriteSomeAsync);
        _output = new OutputSide(stdio.Output ?? stdio.Terminal, link[JobChannels.Output]);
        _error = new OutputSide(stdio.Error, link[JobChannels.Error]);
    }

    public void Start()
    {
        _input?.Start();
        _output.Start();
        _error.Start();
    }

    /// <summary>The job has ended: all that it wrote is handed on, for a bounded time only, since a process outside may hold a pipe open.</summary>
    public async Task FinishAsync(TimeSpan atMost)
    {
        await Task.WhenAny(Task.WhenAll(_output.Completion, _error.Completion), Task.Delay(atMost)).ConfigureAwait(false);
        await _output.FinishAsync().ConfigureAwait(false);
        await _error.FinishAsync().ConfigureAwait(false);
    }

    /// <summary>The job is frozen: takes what it wrote and what it has not read.</summary>
    /// <param name="terminals">The job's /dev/pts as seen from here.</param>
    public async Task<DrainedStreams> DrainAsync(string terminals)
    {
        if (_input is not null)
            await _input.PauseAsync().ConfigureAwait(false);
        var output = await _output.DrainAsync().ConfigureAwait(false);
        var error = await _error.DrainAsync().ConfigureAwait(false);
        var taken = _link[JobChannels.Input].Consumed;
        var typed = _stdio.Terminal is { } terminal ? TypedAhead(terminals, PseudoTerminal.SlaveNumber(terminal.Handle)) : [];
        return new DrainedStreams(UnreadPipe(), _input?.Pending.ToArray() ?? [], typed, taken, output, error);
    }

    /// <summary>The move came to nothing: the job gets back what was taken, and goes on here.</summary>
    public void Restart(DrainedStreams drained)
    {
        // It fits: it came from there, and nobody wrote since.
        if (drained.UnreadPipe.Length > 0)
            _ = _stdio.Input?.TryWrite(drained.UnreadPipe);
        PutTyped(drained.TypedAhead);
        _output.Restart();
        _error.Restart();
        _input?.Start();
    }

    /// <summary>Puts what was typed but not read into the terminal, without showing it a second time.</summary>
    public void PutTyped(ReadOnlySpan<byte> typed)
    {
        if (typed.Length == 0 || _stdio.Terminal is not { } terminal)
            return;
        var before = Terminal.MakeTransparent(FileDescriptor.Number(terminal.Handle));
        _ = terminal.TryWrite(typed);
        Terminal.SetAttributes(FileDescriptor.Number(terminal.Handle), before);
    }

    private byte[] UnreadPipe()
    {
        if (_stdio.InputLeftover is not { } leftover)
            return [];
        var unread = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = leftover.TryRead(buffer)) > 0)
            unread.Write(buffer, 0, read);
        return unread.ToArray();
    }

    private static byte[] TypedAhead(string terminals, int number)
    {
        try
        {
            using var slave = PseudoTerminal.OpenSlave(terminals, number, nonBlocking: true);
            var before = Terminal.MakeTransparent(FileDescriptor.Number(slave));
            using var reader = new DescriptorStream(slave);
            var buffer = new byte[4096];
            var read = reader.TryRead(buffer);
            Terminal.SetAttributes(FileDescriptor.Number(slave), before);
            return read > 0 ? buffer[..read] : [];
        }
        catch (KernelException)
        {
            // The job closed its terminal: nothing waits there.
            return [];
        }
    }

    /// <summary>One of the job's output descriptors and its channel.</summary>
    private sealed class OutputSide(DescriptorStream? source, LinkChannel channel)
    {
        private readonly BytePump? _pump = source is null ? null : new BytePump(source.ReadAsync, channel.WriteSomeAsync);
        private byte[] _tail = [];

        public Task Completion => _pump?.Completion ?? Task.CompletedTask;

        public void Start()
        {
            _pump?.Start();
            if (_pump is null)
                channel.Complete();
        }

        public async Task<ChannelEnd> DrainAsync()
        {
            if (_pump is null)
                return new ChannelEnd(channel.Written, []);
            await _pump.PauseAsync().ConfigureAwait(false);
            var tail = new MemoryStream();
            tail.Write(_pump.Pending.Span);
            var fromPump = (int)tail.Length;
            ReadRest(tail);
            var all = tail.ToArray();
            _tail = all[fromPump..];
            return new ChannelEnd(channel.Written, all);
        }

        /// <summary>What was drained goes into the channel after all, behind what the pump still held.</summary>
        public void Restart() => _ = RestartAsync();

        public async Task FinishAsync()
        {
            if (_pump is not null)
            {
                await _pump.PauseAsync().ConfigureAwait(false);
                var rest = new MemoryStream();
                rest.Write(_pump.Pending.Span);
                ReadRest(rest);
                try
                {
                    await channel.WriteAsync(rest.ToArray()).ConfigureAwait(false);
                }
                catch (LinkClosedException)
                {
                    // Nobody listens any more.
                }
            }

            channel.Complete();
        }

        private async Task RestartAsync()
        {
            if (_pump is null)
                return;
            try
            {
                await channel.WriteAsync(_pump.TakePending()).ConfigureAwait(false);
                await channel.WriteAsync(_tail).ConfigureAwait(false);
                _tail = [];
                _pump.Start();
            }
            catch (LinkClosedException)
            {
                // Nobody listens any more.
            }
        }

        private void ReadRest(MemoryStream into)
        {
            var buffer = new byte[64 * 1024];
            int read;
            while (!_pump!.Ended && (read = source!.TryRead(buffer)) > 0)
                into.Write(buffer, 0, read);
        }
    }
}

/// <summary>What was on its way between a frozen job and its deputy.</summary>
/// <param name="UnreadPipe">Input that lay in the job's pipe.</param>
/// <param name="PendingInput">Input that had not reached the pipe or terminal.</param>
/// <param name="TypedAhead">Input that lay in the terminal.</param>
/// <param name="InputTaken">Bytes taken from the input channel so far.</param>
/// <param name="Output">Where the output channel ends.</param>
/// <param name="Error">Where the error channel ends.</param>
internal sealed record DrainedStreams(
    byte[] UnreadPipe, byte[] PendingInput, byte[] TypedAhead, long InputTaken, ChannelEnd Output, ChannelEnd Error);
