namespace Isobar.Linux.Criu.Images;

/// <summary>Carries what is captured to the sink.</summary>
internal static class ImagePump
{
    /// <summary>Ends when the capture is drained. A failure of the sink ends the capture, and thereby the dump.</summary>
    public static async Task RunAsync(ImageCapture capture, IImageSink sink, CancellationToken cancellationToken)
    {
        try
        {
            while (await capture.Chunks.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
            {
                while (capture.Chunks.TryRead(out var chunk))
                {
                    using (chunk)
                        await sink.WriteAsync(chunk, cancellationToken).ConfigureAwait(false);
                }

                // Caught up with CRIU: what the sink holds back would now only wait.
                await sink.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            capture.Abort();
            throw;
        }
    }
}
