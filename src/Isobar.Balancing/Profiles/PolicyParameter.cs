namespace Isobar.Balancing.Profiles;

/// <summary>A parameter of a policy: every one is a number, so that a sweep can run over any of them.</summary>
/// <param name="Min">Smallest allowed value.</param>
/// <param name="Max">Largest allowed value.</param>
/// <param name="Meaning">One line: unit, meaning, and where the default comes from.</param>
/// <param name="IsWhole">Only whole numbers; with 0..1 a switch that a profile may also write as true or false.</param>
public sealed record PolicyParameter(string Name, double Default, double Min, double Max, string Meaning, bool IsWhole = false)
{
    public bool IsSwitch => IsWhole && Min == 0 && Max == 1;

    public static PolicyParameter Number(string name, double value, double min, double max, string meaning) =>
        new(name, value, min, max, meaning);

    public static PolicyParameter Whole(string name, int value, int min, int max, string meaning) => new(name, value, min, max, meaning, true);

    public static PolicyParameter Switch(string name, bool value, string meaning) => new(name, value ? 1 : 0, 0, 1, meaning, true);
}
