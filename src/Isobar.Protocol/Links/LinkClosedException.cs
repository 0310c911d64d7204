namespace Isobar.Protocol.Links;

/// <summary>The link was closed for good, by this side or the other.</summary>
public sealed class LinkClosedException() : IOException("The connection to the other side of the job is closed.");
