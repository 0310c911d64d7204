using System.CommandLine;
using Isobar.Cli.Sandbox.Commands;

var root = new RootCommand("Isobar: run programs on the best of several machines, and move them while they run.")
{
    SandboxCommand.Create(),
};
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);
