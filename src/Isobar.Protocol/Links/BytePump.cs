namespace Isobar.Protocol.Links;

/// <summary>Carries bytes from a source to a target, and can be paused at any moment without losing or doubling one.</summary>
/// <param name="read">Reads some; 0 is the end. Cancelled, it has read nothing.</param>
/// <param name="writeSome">Writes some and returns how much; negative when nobody wants more. Cancelled, it has written nothing.</param>
/// <param name="atEnd">Called once when the source has ended and all was written.</param>
#pragma warning disable CA1001 // The source of the pause has neither timer nor wait handle: there is nothing to dispose.
public sealed class BytePump(
    Func<Memory<byte>, CancellationToken, ValueTask<int>> read,
    Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<int>> writeSome,
    Action? atEnd = null)
#pragma warning restore CA1001
{
    private const int BufferSize = 64 * 1024;
    private readonly byte[] _buffer = new byte[BufferSize];
    private CancellationTokenSource _pause = new();

    /// <summary>Bytes that were read but not written yet; stable while paused.</summary>
    public ReadOnlyMemory<byte> Pending { get; private set; }

    /// <summary>The source ended, or the target wants no more.</summary>
    public bool Ended { get; private set; }

    /// <summary>Completes when the pump has ended or was paused.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    public void Start()
    {
        if (Ended)
            return;
        _pause = new CancellationTokenSource();
        Completion = RunAsync(_pause.Token);
    }

    public async Task PauseAsync()
    {
        await _pause.CancelAsync().ConfigureAwait(false);
        await Completion.ConfigureAwait(false);
    }

    /// <summary>Takes what was read but not written; only while paused.</summary>
    public byte[] TakePending()
    {
        var pending = Pending.ToArray();
        Pending = default;
        return pending;
    }

    private async Task RunAsync(CancellationToken pause)
    {
        try
        {
            var wanted = true;
            while (true)
            {
                while (Pending.Length > 0)
                {
                    var written = wanted ? await writeSome(Pending, pause).ConfigureAwait(false) : Pending.Length;
                    // Nobody wants more: the rest is swallowed, so that the other side is not held up.
                    wanted &= written >= 0;
                    Pending = written < 0 ? default : Pending[written..];
                }

                var length = await read(_buffer, pause).ConfigureAwait(false);
                if (length == 0)
                    break;
                Pending = _buffer.AsMemory(0, length);
            }

            Ended = true;
            atEnd?.Invoke();
        }
        catch (OperationCanceledException) when (pause.IsCancellationRequested)
        {
            // Paused.
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // One side is closed for good.
            Ended = true;
        }
    }
}
