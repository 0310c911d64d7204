using System.Text;
using System.Text.RegularExpressions;

namespace Isobar.Simulation.Reports;

/// <summary>One self-contained page: text, tables and plots, no resource from anywhere else; light or dark as the reader's system is.</summary>
public sealed partial class HtmlReport(string title, string summary)
{
    private readonly StringBuilder _body = new();

    public HtmlReport Heading(string text) => Append($"<h2>{LinePlot.Escape(text)}</h2>");

    /// <summary>A paragraph; words between asterisks are stressed, as Markdown has it.</summary>
    public HtmlReport Paragraph(string text) => Append($"<p>{Stressed().Replace(LinePlot.Escape(text), "<em>$1</em>")}</p>");

    public HtmlReport Plot(string svg) => Append($"<figure>{svg}</figure>");

    /// <summary>A table; the cells whose (row, column) are in <paramref name="best"/> are marked as the best of their column.</summary>
    public HtmlReport Table(Table table, IReadOnlySet<(int Row, int Column)>? best = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        _body.Append("<div class=\"wide\" tabindex=\"0\"><table><thead><tr>");
        foreach (var heading in table.Headings)
            _body.Append("<th>").Append(LinePlot.Escape(heading)).Append("</th>");

        _body.Append("</tr></thead><tbody>");
        for (var r = 0; r < table.Rows.Count; r++)
        {
            _body.Append("<tr>");
            for (var c = 0; c < table.Headings.Count; c++)
            {
                var mark = best?.Contains((r, c)) == true ? " class=\"best\"" : "";
                _body.Append(c == 0 ? "<th>" : $"<td{mark}>").Append(LinePlot.Escape(table.Rows[r][c])).Append(c == 0 ? "</th>" : "</td>");
            }

            _body.Append("</tr>");
        }

        return Append("</tbody></table></div>");
    }

    public override string ToString() =>
        $$$"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width,initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{{{LinePlot.Escape(title)}}}</title>
        <style>
        :root{--page:#f4f5f7;--card:#fff;--ink:#1c1e21;--soft:#5b6168;--rule:#e3e6ea;--good:#e2f4ec;--goodink:#00694c;--shade:#0003}
        @media (prefers-color-scheme:dark){:root{--page:#121417;--card:#1b1e23;--ink:#e8eaed;--soft:#a3abb5;--rule:#333941;--good:#143b30;--goodink:#6fe3bd;--shade:#000b}}
        body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
        main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}
        h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 8px}p{max-width:78ch;color:var(--soft)}
        figure{margin:14px 0;max-width:860px}svg.plot{width:100%;height:auto;display:block;border:1px solid var(--rule);border-radius:9px}
        .wide{overflow-x:auto;background:linear-gradient(to left,var(--card) 24px,transparent) right/48px 100% no-repeat local,linear-gradient(to left,var(--shade),transparent) right/16px 100% no-repeat scroll,var(--card);border:1px solid var(--rule);border-radius:9px}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13.5px;min-width:100%}
        th,td{padding:6px 11px;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
        thead th{color:var(--soft);font-weight:600}th:first-child{text-align:left;position:sticky;left:0;background:var(--card)}tbody th{font-weight:600}tbody tr:last-child>*{border-bottom:0}
        td.best{background:var(--good);color:var(--goodink);font-weight:600}
        @media (max-width:640px){main{padding:20px 14px 48px}h1{font-size:22px}th,td{padding:5px 8px}th:first-child{white-space:normal;min-width:7.5em;max-width:38vw}}
        </style>
        </head>
        <body><main>
        <h1>{{{LinePlot.Escape(title)}}}</h1>
        <p>{{{LinePlot.Escape(summary)}}}</p>
        {{{_body}}}
        </main></body>
        </html>

        """;

    // A product such as n * m or 2*k is none: the asterisks of a stressed word have it on one side and no letter or digit on the other.
    [GeneratedRegex(@"(?<![\w*])\*(\w|\w[^*]*[^\s*])\*(?![\w*])")]
    private static partial Regex Stressed();

    private HtmlReport Append(string html)
    {
        _body.Append(html).Append('\n');
        return this;
    }
}
