using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Load;

/// <summary>Settings that all periodic calculators share.</summary>
public record PeriodSettings(double PeriodSeconds, double StepSeconds, bool PerCapacity)
{
    /// <summary>The declarations, with a calculator's own defaults.</summary>
    public static PolicyParameter[] Declare(double periodSeconds, double stepSeconds, string periodSource) =>
    [
        PolicyParameter.Number("periodSeconds", periodSeconds, 0.001, 3600, "Seconds over which ready processes are averaged (T = mu * t): " + periodSource),
        PolicyParameter.Number("stepSeconds", stepSeconds, 0.001, 3600, "Seconds between two looks (t)"),
        PolicyParameter.Switch("perCapacity", true, "Divide by the sum of the cores' speeds (MOSIX: x * standard speed / speed, infod: / cores)"),
    ];

    /// <exception cref="BalancingException">The step is longer than the period.</exception>
    public static PeriodSettings Read(ParameterValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        double period = values["periodSeconds"];
        double step = values["stepSeconds"];
        if (step > period)
            throw new BalancingException($"stepSeconds ({step}) is longer than periodSeconds ({period}); look at least once in a period.");
        return new PeriodSettings(period, step, values.On("perCapacity"));
    }
}
