using Isobar.Protocol;

namespace Isobar.Node.Store;

/// <summary>No member of the cluster's store answered in time, or it has no majority.</summary>
public sealed class StoreUnavailableException(string cause, Exception? inner = null) : IsobarException(
    $"the cluster's store does not answer ({cause}): running and moving jobs goes on, but members can change only when a majority of the store's machines is up again.", inner);
