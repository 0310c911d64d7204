using Isobar.Protocol.Security;

namespace Isobar.Node.Store.Supervision;

/// <summary>Where a node's member of the store (etcd) lives on disk.</summary>
public sealed class StoreFolder(string root)
{
    public string Root { get; } = root;

    public string Data => Path.Combine(Root, "data");

    public string AuthorityFile => Path.Combine(Root, "ca.pem");

    public string CertificateFile => Path.Combine(Root, "store.pem");

    public string KeyFile => Path.Combine(Root, "store.key");

    public string LogFile => Path.Combine(Root, "etcd.log");

    /// <summary>Which process runs, so that a daemon that comes back after a crash finds it.</summary>
    public string ProcessFile => Path.Combine(Root, "etcd.process");

    /// <summary>How the member was started first; its presence means that this node has one.</summary>
    public string PlanFile => Path.Combine(Root, "member");

    public bool HasMember => File.Exists(PlanFile);

    public void Create() => SecretFile.CreateFolder(Root);

    public void Delete()
    {
        if (Directory.Exists(Root))
            Directory.Delete(Root, recursive: true);
    }
}
