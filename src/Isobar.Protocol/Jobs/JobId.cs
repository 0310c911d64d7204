using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Isobar.Protocol.Jobs;

/// <summary>The name of a job in the whole cluster: its home node and a number there, as in <c>alpha-3</c>.</summary>
/// <remarks>The home is part of the name so that every node can find a job's authority without asking anybody.</remarks>
public readonly record struct JobId(string Home, int Number)
{
    public static bool TryParse(string? text, [NotNullWhen(true)] out JobId? id)
    {
        id = null;
        var dash = text?.LastIndexOf('-') ?? -1;
        if (dash <= 0 || !int.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number <= 0)
            return false;
        id = new JobId(text![..dash], number);
        return true;
    }

    /// <exception cref="FormatException">The text is not a job id.</exception>
    public static JobId Parse(string text) =>
        TryParse(text, out var id) ? id.Value : throw new FormatException($"'{text}' is not a job: a job is named as in alpha-3; isobar ps lists them.");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Home}-{Number}");
}
