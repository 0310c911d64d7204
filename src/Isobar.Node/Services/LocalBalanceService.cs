using Grpc.Core;
using Isobar.Node.Decisions;
using Isobar.Node.Life;
using Isobar.Node.Listening;
using Isobar.Node.Load;
using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Node.Settings;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Services;

/// <summary>What the command asks its daemon about balancing. Anybody may look; only root changes.</summary>
internal sealed class LocalBalanceService(
    ClusterRuntime runtime, LiveSettings settings, LivePolicies policies, LiveService live, Administration administration, OwnerDesk owner, WhyDesk why) : LocalBalance.LocalBalanceBase
{
    public override Task<GetSettingsReply> GetSettings(GetSettingsRequest request, ServerCallContext context)
    {
        settings.Require();
        var values = settings.Values;
        var reply = new GetSettingsReply();
        foreach (var kind in SettingKind.All)
        {
            var own = values.Set().Where(set => set.Name == kind.Name).ToList();
            var all = own.FirstOrDefault(set => set.Node.Length == 0);
            reply.Settings.Add(new SettingLine { Name = kind.Name, Value = all.Value ?? kind.Default, IsDefault = all.Value is null, Meaning = kind.Meaning });
            foreach (var (_, node, value) in own.Where(set => set.Node.Length > 0))
                reply.Settings.Add(new SettingLine { Name = kind.Name, Node = node, Value = value, Meaning = kind.Meaning });
        }

        return Task.FromResult(reply);
    }

    public override async Task<SetSettingReply> SetSetting(SetSettingRequest request, ServerCallContext context)
    {
        OnlyRoot(context);
        var kind = SettingKind.Named(request.Name);
        if (request.Node.Length > 0)
            RequireMember(request.Node);
        await settings.Require().SetAsync(kind, request.Node, request.Value, context.CancellationToken);
        return new SetSettingReply();
    }

    public override Task<LoadsReply> Loads(LoadsRequest request, ServerCallContext context)
    {
        var roster = runtime.Require().Roster.Current;
        if (policies.Set is not { } set || policies.Known() is not var (self, others))
            throw new ClusterException("the node has just joined and knows nothing yet: try again in a moment.");
        var now = MachineLoad.Now;
        var reply = new LoadsReply { Profile = set.Profile.Name, Dissemination = set.Protocol.Name, PeriodSeconds = set.Protocol.PeriodSeconds };
        foreach (var name in roster.Nodes.Keys)
        {
            var number = set.Numbers.NumberOf(name);
            var line = new LoadLine { Node = name, IsSelf = number == set.Numbers.Self };
            foreach (var entry in (Isobar.Balancing.Load.LoadEntry[])[self, .. others])
            {
                if (entry.Node != number)
                    continue;
                line.IsKnown = true;
                line.AgeSeconds = Math.Max(0, entry.Age(now));
                line.Load = entry.Load;
                line.Ready = entry.Ready;
                line.Cores = entry.Cores;
                line.Capacity = entry.Capacity;
                line.FreeMemoryBytes = entry.FreeMemoryBytes;
                line.TotalMemoryBytes = entry.TotalMemoryBytes;
                line.Guests = entry.Guests;
                line.Flags.Clear();
                line.Flags.AddRange(LivePolicies.FlagWords(entry.Flags));
            }

            reply.Nodes.Add(line);
        }

        if (live.Gossip is var (meter, trouble, key))
        {
            reply.Gossip = meter?.Counts() ?? new GossipCounts();
            reply.Gossip.RodeSent = policies.Riding.Sent;
            reply.Gossip.RodeSentBytes = policies.Riding.SentBytes;
            reply.Gossip.RodeReceived = policies.Riding.Received;
            reply.Gossip.Key = key?.Id ?? 0;
            reply.Gossip.KeyAgeSeconds = key is null ? 0 : DateTimeOffset.UtcNow.ToUnixTimeSeconds() - key.MadeUnixSeconds;
            reply.Trouble = trouble ?? (key is null ? "the cluster's keys have not come yet: the store does not answer." : "");
        }

        return Task.FromResult(reply);
    }

    public override Task<WhyReply> Why(WhyRequest request, ServerCallContext context)
    {
        request.Uid = Credentials(context).UserId;
        return why.AskAsync(request, context.CancellationToken);
    }

    public override Task<AdminReply> Admin(AdminRequest request, ServerCallContext context)
    {
        OnlyRoot(context);
        if (request.Node.Length == 0)
            request.Node = runtime.NodeName;
        RequireMember(request.Node);
        return administration.AskAsync(request, context.CancellationToken);
    }

    public override Task<OwnerReply> Owner(OwnerRequest request, ServerCallContext context)
    {
        if (request.Node.Length == 0)
            request.Node = runtime.NodeName;
        RequireMember(request.Node);
        return owner.AskAsync(request, context.CancellationToken);
    }

    private void RequireMember(string node)
    {
        if (!runtime.Require().Roster.Current.Nodes.ContainsKey(node))
            throw new ClusterException($"{node} is no member of this cluster: `isobar nodes` lists the members.");
    }

    private static void OnlyRoot(ServerCallContext context)
    {
        if (!Credentials(context).IsRoot)
            throw new ClusterException("only root changes the cluster: run the command with sudo.");
    }

    private static PeerCredentials Credentials(ServerCallContext context) =>
        context.GetHttpContext().Features.Get<PeerCredentials>() ?? throw new ClusterException("who is asking could not be told.");
}
