using Isobar.Node.Hosting;
using Isobar.Node.Life;
using Isobar.Node.Listening;
using Isobar.Node.Load;
using Isobar.Node.Owners;
using Isobar.Node.Policies;
using Isobar.Node.Services;
using Isobar.Node.Settings;

namespace Isobar.Node.Decisions;

/// <summary>Adds everything about load and balancing to the daemon.</summary>
internal static class BalanceFeature
{
    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<JobsHere>();
        services.AddSingleton<MachineLoad>();
        services.AddSingleton<JobFacts>();
        services.AddSingleton(provider => new MoveCosts(Path.Combine(provider.GetRequiredService<DaemonOptions>().StateDirectory, "move-costs.json")));
        services.AddSingleton<LivePolicies>();
        services.AddSingleton<LiveSettings>();
        services.AddSingleton<DecisionLog>();
        services.AddSingleton<Offers>();
        services.AddSingleton<Managers>();
        services.AddSingleton<HomeMoves>();
        services.AddSingleton<Balancer>();
        services.AddSingleton<Starts>();
        services.AddSingleton<AdminState>();
        services.AddSingleton<Administration>();
        services.AddSingleton<NodeGate>();
        services.AddSingleton<OwnerWatch>();
        services.AddSingleton<OwnerDesk>();
        services.AddSingleton<Explanations>();
        services.AddSingleton<WhyDesk>();
        services.AddSingleton<LiveService>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveService>());
    }

    public static void MapServices(IEndpointRouteBuilder routes)
    {
        routes.MapGrpcService<LocalBalanceService>().From(Access.Local);
        routes.MapGrpcService<PeerBalanceService>().From(Access.Members);
    }
}
