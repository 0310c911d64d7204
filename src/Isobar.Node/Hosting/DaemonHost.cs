using System.Net.Sockets;
using Isobar.Node.Listening;
using Isobar.Node.Membership;
using Isobar.Node.Services;
using Isobar.Node.Status;
using Isobar.Node.Store.Etcd;
using Isobar.Protocol.Cluster;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Isobar.Node.Hosting;

/// <summary>Puts the daemon together. Everything about jobs is added by its own part through the two extension points.</summary>
public static class DaemonHost
{
    private const UnixFileMode EverybodysSocket = (UnixFileMode)0b110_110_110;
    private const UnixFileMode RunDirectoryMode = (UnixFileMode)0b111_101_101;

    /// <param name="options">How the daemon is set up.</param>
    /// <param name="addServices">Further services, which win over the defaults.</param>
    /// <param name="mapServices">Further gRPC services; each says from where it may be called (<see cref="AccessExtensions.From"/>).</param>
    public static WebApplication Build(DaemonOptions options, Action<IServiceCollection>? addServices = null, Action<IEndpointRouteBuilder>? mapServices = null)
    {
        PrepareLocalSocket(options);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = options.StateDirectory });
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(options.LogLevel);
        builder.Logging.AddProvider(new TerseLoggerProvider(options.LogLevel, TimeProvider.System));
        builder.Services.AddSystemd();
        // Own services stop within this time; streams of other daemons do not hold up the end.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        addServices?.Invoke(builder.Services);
        AddCluster(builder.Services, options);
        builder.Services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<SentenceInterceptor>();
            grpc.Interceptors.Add<LoadRideInterceptor>();
            grpc.EnableDetailedErrors = true;
        });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options));

        var app = builder.Build();
        app.UseRouting();
        app.UseMiddleware<AccessMiddleware>();
        app.MapGrpcService<LocalClusterService>().From(Access.Local);
        app.MapGrpcService<MembershipService>().From(Access.Members);
        app.MapGrpcService<JoiningService>().From(Access.Anybody);
        StoreProxy.Map(app);
        mapServices?.Invoke(app);
        app.Lifetime.ApplicationStarted.Register(() => File.SetUnixFileMode(options.LocalSocket, EverybodysSocket));
        return app;
    }

    private static void AddCluster(IServiceCollection services, DaemonOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        services.TryAddSingleton<IJobCounts, NoJobs>();
        services.TryAddSingleton<IJobConnectionRouter, NoJobConnections>();
        services.AddSingleton<IConnectionListenerFactory, NodeListenerFactory>();
        services.AddSingleton<ClusterRuntime>();
        services.AddHostedService(provider => provider.GetRequiredService<ClusterRuntime>());
        services.AddSingleton<OwnStatus>();
        services.AddSingleton<ClusterFounder>();
        services.AddSingleton<Inviter>();
        services.AddSingleton<ClusterJoiner>();
        services.AddSingleton<JoinSigner>();
        services.AddSingleton<Departures>();
    }

    private static void Listen(KestrelServerOptions kestrel, DaemonOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.ListenUnixSocket(options.LocalSocket, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http2;
            ((IConnectionBuilder)endpoint).Use(PeerCredentials.Middleware);
        });
        kestrel.Listen(options.Listen, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http2;
            var runtime = kestrel.ApplicationServices.GetRequiredService<ClusterRuntime>();
            endpoint.UseHttps(NodeTls.For(runtime));
        });
    }

    /// <summary>Makes the run directory and clears away the socket of a daemon that is gone.</summary>
    private static void PrepareLocalSocket(DaemonOptions options)
    {
        Directory.CreateDirectory(options.RunDirectory, RunDirectoryMode);
        if (!File.Exists(options.LocalSocket))
            return;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(options.LocalSocket));
            throw new ClusterException($"another isobard serves {options.LocalSocket}: end it, or choose another directory with --run-dir.");
        }
        catch (SocketException)
        {
            File.Delete(options.LocalSocket);
        }
    }
}
