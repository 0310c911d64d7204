namespace Isobar.Linux.Fuse.Guest;

/// <summary>
/// Brings changes of mapped files home and waits until they are there. syncfs alone does not wait: since 6.19 and its stable back-ports the kernel leaves FUSE
/// out of what sync waits for (AS_NO_DATA_INTEGRITY), so that a dead server cannot hang a machine's sync.
/// </summary>
internal static class ViewFlush
{
    /// <exception cref="FileViewException">Home could not take everything, or the view has ended.</exception>
    public static void Run(KernelDevice device, GuestChannel bulk)
    {
        using var root = device.OpenRoot();
        KernelDevice.Flush(root);

        // The kernel has queued a write for every changed page. Those that it holds back beyond max_background follow when others are
        // done, and a probe is read after all that are queued before it. So a probe with no write before, during and after it proves that none is left.
        while (true)
        {
            var seen = bulk.UnattendedWrites;
            bulk.WaitForUnattended();
            KernelDevice.Probe(root);
            if (bulk.UnattendedWrites == seen && bulk.UnattendedInFlight == 0)
                break;
        }

        // Tells of writes that failed meanwhile.
        KernelDevice.Flush(root);
    }
}
