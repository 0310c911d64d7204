namespace Isobar.Linux.Paging.Tracing;

/// <summary>The process ended while something was done with it.</summary>
public sealed class ProcessGoneException() : IOException("The process has just ended.");
