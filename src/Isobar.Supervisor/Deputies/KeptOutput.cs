using Isobar.Linux.Kernel;

namespace Isobar.Supervisor.Deputies;

/// <summary>
/// The file in which both outputs of a detached job are kept. While its disk is full the output waits, and with it the job as soon as its pipe is full, as behind any slow reader: nothing
/// is lost, and it goes on by itself when there is room.
/// </summary>
internal sealed class KeptOutput : IDisposable
{
    private static readonly TimeSpan TryEvery = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _oneWriter = new(1);
    private readonly FileStream _file;
    private long _length;

    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be opened.</exception>
    public KeptOutput(string path)
    {
        _file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        _length = _file.Length;
    }

    public async ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _oneWriter.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                try
                {
                    // At its place, so that a part of it that went through before the disk was full is only written again.
                    await RandomAccess.WriteAsync(_file.SafeFileHandle, bytes, _length, cancellationToken).ConfigureAwait(false);
                    _length += bytes.Length;
                    return bytes.Length;
                }
                catch (IOException e) when (Errno.IsOutOfSpace(e))
                {
                    await Task.Delay(TryEvery, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _oneWriter.Release();
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _oneWriter.Dispose();
    }
}
