namespace Isobar.Cli.Sim;

/// <summary>A bar on standard error, drawn only when that is a terminal, and wiped when the work is done.</summary>
internal sealed class ProgressBar(string what) : IProgress<(int Done, int All)>, IDisposable
{
    private const int Cells = 30;

    private readonly Lock _lock = new();
    private readonly bool _visible = !Console.IsErrorRedirected;
    private int _shown = -1;

    public void Report((int Done, int All) value)
    {
        if (!_visible)
            return;

        lock (_lock)
        {
            // Reports of parallel runs may come out of order; the bar never goes back.
            if (value.Done <= _shown)
                return;

            _shown = value.Done;
            var full = Cells * value.Done / Math.Max(1, value.All);
            Console.Error.Write($"\r{what} [{new string('#', full)}{new string('.', Cells - full)}] {value.Done}/{value.All}");
        }
    }

    public void Dispose()
    {
        if (_visible && _shown >= 0)
            Console.Error.Write("\r\e[K");
    }
}
