using System.Text.Json;
using Isobar.Node.Store.Supervision;
using Isobar.Protocol.Security;

namespace Isobar.Node.Membership;

/// <summary>
/// A node's cluster on disk: <c>STATE/cluster</c> with keys, facts and the last roster, and <c>STATE/etcd</c>. The folder <c>cluster</c> appears whole, by one
/// rename, or not at all.
/// </summary>
public sealed class ClusterFolder(string stateDirectory)
{
    private const string FactsFile = "cluster.json";
    private const string RosterFile = "roster.json";
    private const string AuthorityKeyFile = "authority.key";

    /// <summary>Also the identity folder for <see cref="ClusterIdentity.Load"/>.</summary>
    public string Path { get; } = System.IO.Path.Combine(stateDirectory, "cluster");

    public StoreFolder Store { get; } = new(System.IO.Path.Combine(stateDirectory, "etcd"));

    public bool Exists => File.Exists(In(Path, FactsFile)) && ClusterIdentity.Exists(Path);

    public bool HasAuthority => File.Exists(In(Path, AuthorityKeyFile));

    public ClusterFacts LoadFacts() => JsonSerializer.Deserialize(File.ReadAllBytes(In(Path, FactsFile)), MembershipJson.Default.ClusterFacts)!;

    public Roster LoadRoster()
    {
        try
        {
            return Roster.FromCache(JsonSerializer.Deserialize(File.ReadAllBytes(In(Path, RosterFile)), MembershipJson.Default.RosterCache)!);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return Roster.Empty;
        }
    }

    public void SaveRoster(Roster roster) => SecretFile.Write(In(Path, RosterFile), JsonSerializer.Serialize(roster.ToCache(), MembershipJson.Default.RosterCache));

    /// <summary>Writes all that makes this machine a member.</summary>
    public void Create(ClusterFacts facts, string authorityPem, string certificatePem, string keyPem, string? authorityKeyPem, Roster roster)
    {
        SecretFile.CreateFolder(stateDirectory);
        var preparing = Path + ".new";
        if (Directory.Exists(preparing))
            Directory.Delete(preparing, recursive: true);
        SecretFile.CreateFolder(preparing);
        SecretFile.Write(In(preparing, ClusterIdentity.AuthorityFile), authorityPem);
        SecretFile.Write(In(preparing, ClusterIdentity.CertificateFile), certificatePem);
        SecretFile.Write(In(preparing, ClusterIdentity.KeyFile), keyPem);
        if (authorityKeyPem is not null)
            SecretFile.Write(In(preparing, AuthorityKeyFile), authorityKeyPem);
        SecretFile.Write(In(preparing, RosterFile), JsonSerializer.Serialize(roster.ToCache(), MembershipJson.Default.RosterCache));
        SecretFile.Write(In(preparing, FactsFile), JsonSerializer.Serialize(facts, MembershipJson.Default.ClusterFacts));
        Directory.Move(preparing, Path);
    }

    public ClusterAuthority LoadAuthority() =>
        ClusterAuthority.FromPem(File.ReadAllText(In(Path, ClusterIdentity.AuthorityFile)), File.ReadAllText(In(Path, AuthorityKeyFile)));

    public void SaveAuthorityKey(string keyPem)
    {
        using var authority = ClusterAuthority.FromPem(File.ReadAllText(In(Path, ClusterIdentity.AuthorityFile)), keyPem);
        SecretFile.Write(In(Path, AuthorityKeyFile), authority.KeyPem);
    }

    public void DeleteAuthorityKey() => File.Delete(In(Path, AuthorityKeyFile));

    /// <summary>This machine is no member any more.</summary>
    public void Delete()
    {
        if (Directory.Exists(Path))
        {
            // One rename first: a crash in the middle must not leave half an identity.
            var leaving = Path + ".old";
            if (Directory.Exists(leaving))
                Directory.Delete(leaving, recursive: true);
            Directory.Move(Path, leaving);
            Directory.Delete(leaving, recursive: true);
        }
        Store.Delete();
    }

    private static string In(string folder, string file) => System.IO.Path.Combine(folder, file);
}
