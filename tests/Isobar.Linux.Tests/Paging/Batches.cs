using Isobar.Linux.Paging;

namespace Isobar.Linux.Tests.Paging;

/// <summary>Takes pages of a program batch by batch; the number of those that are elsewhere then and were not before.</summary>
internal static class Batches
{
    public static async Task<int> TakeAllAsync(Pager pager, PagesProgram program, IPageServer? server)
    {
        var all = 0;
        // What was wanted back is passed over once.
        for (var nothing = 0; nothing < 2;)
        {
            var taken = await TakeAsync(pager, program, 1024, server);
            nothing = taken == 0 ? nothing + 1 : 0;
            all += taken;
        }

        return all;
    }

    public static Task<int> TakeAsync(Pager pager, PagesProgram program, int pages, IPageServer? server) => Task.Factory.StartNew(
        () =>
        {
            var taken = 0;
            for (var tries = 0; taken < pages;)
            {
                try
                {
                    if (pager.Take(() => program.All, program.Pid, Math.Min(1024, pages - taken), server) is not { Pages: > 0 } some)
                        break;
                    taken += some.Pages;
                }
                catch (PagingException) when (++tries < 20)
                {
                    // On a machine with much to do a thread may need longer to come to a stop.
                }
            }

            return taken;
        },
        TestContext.Current.CancellationToken,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);
}
