using Isobar.Balancing.Dissemination;

namespace Isobar.Balancing.Tests.Dissemination;

internal sealed class NoOutbox : IOutbox
{
    public int Sent { get; private set; }

    public void Send(NodeId target, in LoadMessage message) => Sent++;
}
