using Isobar.Linux.Criu;

namespace Isobar.Cli.Doctor.Checks;

/// <summary>CRIU, and what the kernel has for it.</summary>
internal static class CriuCheck
{
    // Said by checks of our own, which also know the machine's folders in a test.
    private static readonly string[] SaidElsewhere = ["pipe size", "criu cache", "capabilities", "tar"];

    public static async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellation)
    {
        try
        {
            var criu = await CriuLocator.FindAsync(cancellation).ConfigureAwait(false);
            var findings = await criu.CheckAsync(cancellation).ConfigureAwait(false);
            return [.. findings.Where(finding => !SaidElsewhere.Contains(finding.Subject)).Select(Translate)];
        }
        catch (CriuException e)
        {
            return [Finding.Bad("criu", e.Message)];
        }
    }

    private static Finding Translate(CriuFinding finding) =>
        new(finding.Subject, finding.Ok ? Verdict.Ok : finding.IsFatal && Environment.IsPrivilegedProcess ? Verdict.Problem : Verdict.Warning, finding.Text);
}
