using CsCheck;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Security;

namespace Isobar.Protocol.Tests.Security;

public sealed class JoinTokenTests
{
    private static readonly byte[] Pin = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Fact]
    public void A_token_reads_back_what_it_writes()
    {
        var token = JoinToken.Create(Pin);
        var read = JoinToken.Parse(" " + token + "\n");
        Assert.Equal(token.InviteId, read.InviteId);
        Assert.Equal(token.Secret, read.Secret);
        Assert.Equal(Pin, read.AuthorityPin);
    }

    [Fact]
    public void No_two_tokens_are_alike() => Assert.NotEqual(JoinToken.Create(Pin).ToString(), JoinToken.Create(Pin).ToString());

    [Fact]
    public void A_token_with_any_one_character_changed_or_missing_is_refused()
    {
        var text = JoinToken.Create(Pin).ToString();
        Gen.Select(Gen.Int[0, text.Length - 1], Gen.Int[0, 10].Select(i => "ABCxyz019-_"[i]), Gen.Bool).Sample((at, c, cut) =>
        {
            if (!cut && text[at] == c)
                return;
            var damaged = cut ? text.Remove(at, 1) : text.Remove(at, 1).Insert(at, c.ToString());
            Assert.Throws<ClusterException>(() => JoinToken.Parse(damaged));
        });
    }

    [Fact]
    public void Garbage_is_refused_with_a_sentence() => Gen.String.Sample(text => Assert.Throws<ClusterException>(() => JoinToken.Parse(text)));

    [Fact]
    public void Only_the_secret_matches_its_hash()
    {
        var token = JoinToken.Create(Pin);
        var kept = JoinToken.HashSecret(token.Secret);
        Assert.True(JoinToken.SecretMatches(token.Secret, kept));
        Assert.False(JoinToken.SecretMatches(JoinToken.Create(Pin).Secret, kept));
        Assert.False(JoinToken.SecretMatches([], kept));
    }
}
