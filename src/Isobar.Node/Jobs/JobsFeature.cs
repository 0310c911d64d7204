using Isobar.Node.Decisions;
using Isobar.Node.Listening;
using Isobar.Node.Load;
using Isobar.Node.Membership;
using Isobar.Node.RemoteMemory;
using Isobar.Node.Status;

namespace Isobar.Node.Jobs;

/// <summary>Adds everything about jobs to the daemon.</summary>
public static class JobsFeature
{
    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<JobFolders>();
        services.AddSingleton<IPlacement, LeastLoaded>();
        services.AddSingleton<PlacementView>();
        services.AddSingleton<GuestRequests>();
        services.AddSingleton<SupervisorPool>();
        services.AddSingleton<GuestJobs>();
        services.AddSingleton(provider => new MoveGains(provider.GetRequiredService<JobFolders>(), provider.GetRequiredService<ClusterRuntime>(), provider.GetRequiredService<MachineLoad>()));
        services.AddSingleton<HomeJobs>();
        services.AddSingleton<JobDesk>();
        services.AddSingleton<JobRefusals>();
        services.AddSingleton<IJobCounts>(provider => provider.GetRequiredService<HomeJobs>());
        services.AddSingleton<MemoryServer>();
        services.AddHostedService(provider => provider.GetRequiredService<MemoryServer>());
        services.AddSingleton<IJobConnectionRouter, JobConnectionRouter>();
        services.AddHostedService(provider => provider.GetRequiredService<HomeJobs>());
        services.AddHostedService(provider => provider.GetRequiredService<GuestJobs>());
        services.AddHostedService<LostGuests>();
        BalanceFeature.AddServices(services);
    }

    public static void MapServices(IEndpointRouteBuilder routes)
    {
        routes.MapGrpcService<LocalJobsService>().From(Access.Local);
        routes.MapGrpcService<PeerJobsService>().From(Access.Members);
        BalanceFeature.MapServices(routes);
    }
}
