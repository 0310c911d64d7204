namespace Isobar.Linux.Paging;

/// <summary>Pages of a process cannot be taken out, or not now; one sentence says why. Nothing was changed.</summary>
public sealed class PagingException(string message, Exception? inner = null) : IOException(message, inner);
