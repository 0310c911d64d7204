namespace Isobar.Linux.Criu;

/// <summary>One line of a check of this machine.</summary>
/// <param name="Subject">What was looked at.</param>
/// <param name="Ok">It is as it should be.</param>
/// <param name="IsFatal">Jobs cannot be moved as long as it is not.</param>
/// <param name="Text">What was found, and what to do when it is not as it should be.</param>
public sealed record CriuFinding(string Subject, bool Ok, bool IsFatal, string Text);
