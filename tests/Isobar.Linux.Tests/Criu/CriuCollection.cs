namespace Isobar.Linux.Tests.Criu;

/// <summary>Tests that count this process's descriptors and children, or measure, must have it to themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CriuCollection
{
    public const string Name = "criu";
}
