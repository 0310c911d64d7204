using Isobar.Cli.Doctor.Checks;

namespace Isobar.Cli.Doctor;

/// <summary>Looks at everything that Isobar needs of a machine, and changes nothing.</summary>
public static class Examination
{
    public static async Task<IReadOnlyList<Finding>> RunAsync(string socketPath, CancellationToken cancellation)
    {
        var findings = new List<Finding>();
        findings.AddRange(KernelChecks.Run(KernelView.OfThisMachine));
        findings.Add(await FuseCheck.RunAsync(cancellation).ConfigureAwait(false));
        findings.AddRange(await CriuCheck.RunAsync(cancellation).ConfigureAwait(false));
        findings.AddRange(ProgramChecks.Run(Environment.GetEnvironmentVariable("PATH") ?? ""));
        findings.AddRange(LimitChecks.Run(KernelView.OfThisMachine));
        findings.Add(ControlGroupCheck.Run(KernelView.OfThisMachine));
        findings.AddRange(await NetworkChecks.RunAsync(socketPath, TimeProvider.System, cancellation).ConfigureAwait(false));
        return findings;
    }
}
