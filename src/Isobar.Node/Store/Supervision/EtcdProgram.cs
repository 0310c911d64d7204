namespace Isobar.Node.Store.Supervision;

/// <summary>Finds etcd on this machine.</summary>
public static class EtcdProgram
{
    /// <summary>ISOBAR_ETCD names another program than the one on PATH.</summary>
    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("ISOBAR_ETCD") is { Length: > 0 } named)
            return File.Exists(named) ? Path.GetFullPath(named) : null;
        var path = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries).Append("/usr/bin").Select(folder => Path.Combine(folder, "etcd")).FirstOrDefault(File.Exists);
    }
}
