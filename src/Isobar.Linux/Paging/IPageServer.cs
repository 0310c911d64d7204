namespace Isobar.Linux.Paging;

/// <summary>
/// Another machine's memory, in which pages are. It may forget them at any time: each page is on this machine's disk as well. <see cref="Ask"/> and <see cref="Receive"/> are for one
/// thread, <see cref="Put"/> and <see cref="Drop"/> for another; they wait in the kernel, never for other threads of this process.
/// </summary>
public interface IPageServer
{
    /// <summary>The most pages of one question or one gift: 256 KiB, after which somebody else may be served.</summary>
    const int MostPages = 64;

    /// <summary>The machine.</summary>
    string Name { get; }

    /// <summary>It was lost: nothing more comes of it.</summary>
    bool IsGone { get; }

    /// <summary>Asks for pages of consecutive slots; the answers come in the order of the questions. False when it is gone.</summary>
    bool Ask(uint slot, int pages);

    /// <summary>The next answer, which must be the one for this slot; false when it has not got all of these pages, or is gone.</summary>
    bool Receive(uint slot, Span<byte> pages);

    /// <summary>Gives it pages of consecutive slots and waits for its word; false when it does not take them.</summary>
    bool Put(uint slot, ReadOnlySpan<byte> pages);

    /// <summary>It may forget these.</summary>
    void Drop(uint slot, int pages);
}

/// <summary>
/// Holds the userfaultfds of a process, too. When the last one is closed, the kernel gives the process zeros for its missing pages: should this process be killed, somebody must keep them open until the other
/// one has been ended.
/// </summary>
public interface IPageGuard
{
    /// <summary>Takes one more; it holds it when this returns.</summary>
    /// <exception cref="IOException">It does not.</exception>
    void Hold(Microsoft.Win32.SafeHandles.SafeFileHandle userFault);

    /// <summary>Lets all go. When this returns, it has closed them.</summary>
    void LetGo();
}
