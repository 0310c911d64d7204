namespace Isobar.Simulation.Reports;

/// <summary>Colours of plots: the palette of Okabe and Ito, which colour-blind readers can tell apart, lightened for dark pages.</summary>
internal static class PlotStyle
{
    public const int Colours = 8;

    /// <summary>Inside each plot, so that an SVG file looks right by itself too.</summary>
    public const string Css =
        """
        <style>
        .plot{--paper:#fff;--ink:#1c1e21;--soft:#5b6168;--faint:#e3e6ea;--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#cc79a7;--c4:#b58900;--c5:#3aa5d8;--c6:#6a4c93;--c7:#555;font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
        @media (prefers-color-scheme:dark){.plot{--paper:#1b1e23;--ink:#e8eaed;--soft:#a3abb5;--faint:#333941;--c0:#58b4ee;--c1:#ff9147;--c2:#3ddbad;--c3:#f0a6cd;--c4:#f0c419;--c5:#9bd7f5;--c6:#b79bea;--c7:#c0c4ca}}
        .plot .paper{fill:var(--paper)}.plot .title{font-size:15px;font-weight:600;fill:var(--ink)}.plot .axis{font-size:12px;fill:var(--soft)}.plot .mark{font-size:12px;fill:var(--soft)}.plot .key{fill:var(--ink)}
        .plot .grid{stroke:var(--faint);stroke-width:1}.plot polyline{fill:none;stroke-width:2;stroke-linejoin:round}.plot g line{stroke-width:1.6}.plot .ref polyline,.plot .ref line{stroke:var(--soft);stroke-dasharray:5 4;stroke-width:1.4}
        .plot .s0{stroke:var(--c0);fill:var(--c0)}.plot .s1{stroke:var(--c1);fill:var(--c1)}.plot .s2{stroke:var(--c2);fill:var(--c2)}.plot .s3{stroke:var(--c3);fill:var(--c3)}.plot .s4{stroke:var(--c4);fill:var(--c4)}.plot .s5{stroke:var(--c5);fill:var(--c5)}.plot .s6{stroke:var(--c6);fill:var(--c6)}.plot .s7{stroke:var(--c7);fill:var(--c7)}
        .plot rect.bar{stroke:none}.plot .whisker{stroke:var(--ink);stroke-width:1.4}
        </style>
        """;
}
