using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Load;

internal static class Samples
{
    public static LoadSample At(double seconds, double ready) => new() { Time = Instant.FromSeconds(seconds), Ready = ready };
}
