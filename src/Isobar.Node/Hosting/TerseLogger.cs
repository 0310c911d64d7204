using System.Globalization;
using System.Text;

namespace Isobar.Node.Hosting;

/// <summary>
/// One line per message on standard error. Under systemd it begins with the level that journald understands (sd-daemon(3)) and leaves the time to it; otherwise
/// with the time.
/// </summary>
internal sealed class TerseLoggerProvider(LogLevel least, TimeProvider time) : ILoggerProvider
{
    private static readonly bool IsJournal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };

    private readonly Stream _output = Console.OpenStandardError();
    private readonly Lock _gate = new();

    public ILogger CreateLogger(string categoryName)
    {
        // Of the frameworks only what is wrong: their information is about every request.
        var own = categoryName.StartsWith("Isobar.", StringComparison.Ordinal);
        return new TerseLogger(this, own || least < LogLevel.Information ? least : LogLevel.Warning);
    }

    public void Dispose() => _output.Dispose();

    private void Write(LogLevel level, string message, Exception? exception)
    {
        var line = new StringBuilder();
        if (IsJournal)
            line.Append('<').Append(Priority(level)).Append('>');
        else
            line.Append(time.GetLocalNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)).Append(' ').Append(Name(level)).Append(' ');
        line.Append(message);
        if (exception is not null)
            line.Append(": ").Append(level >= LogLevel.Error ? exception.ToString() : exception.Message);
        var bytes = Encoding.UTF8.GetBytes(line.ToString().ReplaceLineEndings(" | ") + "\n");
        lock (_gate)
        {
            try
            {
                _output.Write(bytes);
            }
            catch (IOException)
            {
                // Nobody listens any more; the daemon goes on.
            }
        }
    }

    private static int Priority(LogLevel level) => level switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        _ => 7,
    };

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Critical or LogLevel.Error => "error",
        LogLevel.Warning => "warn",
        LogLevel.Information => "info",
        _ => "debug",
    };

    private sealed class TerseLogger(TerseLoggerProvider provider, LogLevel least) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                provider.Write(logLevel, formatter(state, exception), exception);
        }
    }
}
