using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Isobar.Cli.Terminal;

namespace Isobar.Cli.Doctor;

/// <summary><c>isobar doctor</c>: is this machine fit for Isobar, and what is there to do if not.</summary>
public static class DoctorCommand
{
    public static Command Create()
    {
        var json = GlobalOptions.Json();
        var command = new Command("doctor", "Look whether this machine is fit for Isobar; changes nothing. Exit code 1 if there is a problem.\n\nExample: isobar doctor") { json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var findings = await Examination.RunAsync(parsed.SocketPath(), cancellation).ConfigureAwait(false);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                await output.WriteLineAsync(JsonSerializer.Serialize(findings, DoctorJson.Default.IReadOnlyListFinding)).ConfigureAwait(false);
            else
                await WriteAsync(output, findings, !Console.IsOutputRedirected).ConfigureAwait(false);
            return findings.Any(finding => finding.Verdict == Verdict.Problem) ? 1 : 0;
        });
        return command;
    }

    internal static async Task WriteAsync(TextWriter output, IReadOnlyList<Finding> findings, bool hasColours)
    {
        var width = findings.Max(finding => finding.Subject.Length);
        foreach (var finding in findings)
        {
            var (word, colour) = finding.Verdict switch
            {
                Verdict.Ok => ("OK  ", "32"),
                Verdict.Warning => ("WARN", "33"),
                _ => ("FAIL", "31"),
            };
            if (hasColours)
                word = $"\e[{colour}m{word}\e[0m";
            await output.WriteLineAsync($"{word}  {finding.Subject.PadRight(width)}  {finding.Text}").ConfigureAwait(false);
        }

        var problems = findings.Count(finding => finding.Verdict == Verdict.Problem);
        await output.WriteLineAsync(problems == 0 ? "This machine is fit for Isobar." : $"This machine is not fit for Isobar yet: {problems} to mend.").ConfigureAwait(false);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<Finding>))]
internal sealed partial class DoctorJson : JsonSerializerContext;
