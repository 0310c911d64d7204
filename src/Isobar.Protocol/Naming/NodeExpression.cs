using System.IO.Enumeration;

namespace Isobar.Protocol.Naming;

/// <summary>
/// Which nodes a job may use: names and globs (<c>*</c>, <c>?</c>), separated by commas or blanks; what begins with <c>!</c> is not wanted. With such alone, all
/// others are: <c>beta,gamma</c>, <c>rack1-*,!rack1-7</c>, <c>!alpha</c>. Immutable.
/// </summary>
public sealed class NodeExpression
{
    private readonly string[] _wanted;
    private readonly string[] _unwanted;
    private readonly string _text;

    private NodeExpression(string[] wanted, string[] unwanted, string text) => (_wanted, _unwanted, _text) = (wanted, unwanted, text);

    /// <exception cref="IsobarException">The text is none.</exception>
    public static NodeExpression Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length == 0)
            throw new NodeExpressionException("the expression for nodes is empty: write for example beta,gamma or rack1-*,!rack1-7.");
        foreach (var part in parts)
        {
            var name = part.StartsWith('!') ? part[1..] : part;
            if (name.Length == 0 || name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '.' or '_' or '*' or '?')))
                throw new NodeExpressionException($"\"{part}\" names no nodes: write names, * and ? for any letters, and ! before what is not wanted.");
        }

        return new NodeExpression(
            [.. parts.Where(part => !part.StartsWith('!'))], [.. parts.Where(part => part.StartsWith('!')).Select(part => part[1..])], string.Join(',', parts));
    }

    public bool Matches(string node) => (_wanted.Length == 0 || Any(_wanted, node)) && !Any(_unwanted, node);

    public override string ToString() => _text;

    private static bool Any(string[] patterns, string node)
    {
        foreach (var pattern in patterns)
        {
            if (FileSystemName.MatchesSimpleExpression(pattern, node, ignoreCase: false))
                return true;
        }

        return false;
    }
}

/// <summary>An expression for nodes is wrong.</summary>
public sealed class NodeExpressionException(string message) : IsobarException(message);
