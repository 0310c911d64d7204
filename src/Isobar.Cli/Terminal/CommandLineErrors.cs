using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Isobar.Cli.Terminal;

/// <summary>What is wrong with a command line, in one sentence: a screen of help would push it out of sight.</summary>
internal static class CommandLineErrors
{
    /// <summary>Null when nothing is wrong, or only a verb is missing after a word that has several: their list is the best answer to that.</summary>
    public static string? Sentence(ParseResult parsed)
    {
        if (parsed.Action is not ParseErrorAction)
            return null;
        var command = PathOf(parsed.CommandResult);
        var hasVerbs = parsed.CommandResult.Command.Subcommands.Count > 0;
        if (parsed.UnmatchedTokens is [var word, ..])
        {
            return hasVerbs && !word.StartsWith('-')
                ? $"there is no command '{command} {word}': {command} --help lists those that there are."
                : $"{command} does not take '{word}': {command} --help tells what it takes.";
        }

        return hasVerbs ? null : $"{parsed.Errors[0].Message.TrimEnd('.')}: {command} --help tells what it takes.";
    }

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "isobar";
}
