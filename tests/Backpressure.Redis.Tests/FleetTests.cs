using System.Net;
using Backpressure.Redis.Limits;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Redis.Tests;

/// <summary>Hosts that share a limit through one Redis.</summary>
public sealed class FleetTests
{
    public static TheoryData<string> Algorithms => new("TokenBucket", "FixedWindow", "SlidingWindow");

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task TwoReplicas_UnderParallelLoad_AdmitTogetherExactlyTheLimit(string algorithm)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using Replica one = await Replica.StartAsync(redis.Configuration, Limit(algorithm, 100), Patient);
        await using Replica other = await Replica.StartAsync(redis.Configuration, Limit(algorithm, 100), Patient);

        HttpStatusCode[] answers = await Task.WhenAll(Enumerable.Range(0, 600).Select(i => (i % 2 == 0 ? one : other).GetAsync("key")));

        Assert.Equal(100, answers.Count(static status => status == HttpStatusCode.OK));
        Assert.Equal(500, answers.Count(static status => status == HttpStatusCode.TooManyRequests));
        Assert.Equal(HttpStatusCode.OK, await other.GetAsync("another key"));
        Assert.Equal(0, one.DecidedBy(DecisionSource.Fallback) + other.DecidedBy(DecisionSource.Fallback));
    }

    [Fact]
    public async Task Refusal_SaysWhenToComeBack_AsThatOfAReplicasOwnLimitDoes()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using Replica replica = await Replica.StartAsync(redis.Configuration, Replica.Window(1), Patient);
        Assert.Equal(HttpStatusCode.OK, await replica.GetAsync("key"));

        using HttpResponseMessage first = await replica.SendAsync("key");
        using HttpResponseMessage remembered = await replica.SendAsync("key");

        foreach (HttpResponseMessage refused in (HttpResponseMessage[])[first, remembered])
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(500), TimeSpan.FromSeconds(600));
            Assert.Equal("\"L\";q=1;w=600", refused.Headers.GetValues("RateLimit-Policy").Single());
            Assert.StartsWith("\"L\";r=0;t=", refused.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task KeyThatWasRefused_CostsNoRoundTrips_UntilItMayAskAgain()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        var time = new FakeTimeProvider();
        await using Replica replica = await Replica.StartAsync(redis.Configuration, Replica.Window(1), time);
        Assert.True((await replica.AskAsync("key")).IsAdmitted);
        Assert.False((await replica.AskAsync("key")).IsAdmitted);
        long before = await redis.ScriptCallsAsync();

        for (int i = 0; i < 1000; i++)
        {
            Task<AdmissionLease> asked = replica.AskAsync("key");
            Assert.True(asked.IsCompletedSuccessfully);
            Assert.Equal(RejectionReason.RateLimited, (await asked).Reason);
        }

        Assert.Equal(before, await redis.ScriptCallsAsync());
        Assert.Equal(1000, replica.DecidedBy(DecisionSource.LocalRefusal));
        Assert.True((await replica.AskAsync("another")).IsAdmitted);

        // The store's window has not moved; it is asked again.
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.False((await replica.AskAsync("key")).IsAdmitted);
        Assert.Equal(before + 2, await redis.ScriptCallsAsync());
    }

    [Fact]
    public async Task KeysInRedis_TellNothingOfTheClients_AndExpire()
    {
        const string Secret = "sk_live_4242";
        await using RedisServer redis = await RedisServer.StartAsync();
        await using Replica replica = await Replica.StartAsync(redis.Configuration, Replica.Window(5), Patient);

        await replica.GetAsync(Secret);

        string key = Assert.Single(await redis.KeysAsync(), static key => !key.Contains("PROBE", StringComparison.Ordinal));
        Assert.StartsWith("backpressure:L:window-5-600000000-1:{", key, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, key, StringComparison.OrdinalIgnoreCase);
        Assert.InRange((await redis.Database.KeyTimeToLiveAsync(key))!.Value, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10.1));
    }

    [Fact]
    public async Task Reload_ThatChangesTheLimit_TakesEffectForTheNextRequest_AndOneThatMakesItTheReplicasOwnToo()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using Replica replica = await Replica.StartAsync(redis.Configuration, Replica.Window(1), Patient);
        Assert.Equal(HttpStatusCode.OK, await replica.GetAsync("key"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await replica.GetAsync("key"));

        replica.Configuration["Backpressure:RateLimits:L:PermitLimit"] = "3";
        replica.Configuration.Reload();

        HttpStatusCode[] answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => replica.GetAsync("key")));
        Assert.Equal(3, answers.Count(static status => status == HttpStatusCode.OK));

        replica.Configuration["Backpressure:RateLimits:L:Scope"] = "Replica";
        replica.Configuration.Reload();
        long before = await redis.ScriptCallsAsync();
        answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => replica.GetAsync("key")));
        Assert.Equal(3, answers.Count(static status => status == HttpStatusCode.OK));
        Assert.Equal(before, await redis.ScriptCallsAsync());
    }

    [Fact]
    public async Task ObservedPolicy_CountsInTheStore_AndHoldsNobodyBack()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        Dictionary<string, string?> keys = Replica.Window(1);
        keys["Mode"] = "Observe";
        await using Replica replica = await Replica.StartAsync(redis.Configuration, keys, Patient);

        AdmissionLease[] leases = [await replica.AskAsync("key"), await replica.AskAsync("key"), await replica.AskAsync("key")];

        Assert.Equal(
            [AdmissionDecision.Admitted, AdmissionDecision.WouldReject, AdmissionDecision.WouldReject], leases.Select(static lease => lease.Decision));
        Assert.All(leases, static lease => Assert.True(lease.IsAdmitted));
        Assert.Equal(1, replica.DecidedBy(DecisionSource.LocalRefusal));
    }

    [Fact]
    public async Task Fleets_WithPrefixesOfTheirOwn_ShareNothingInOneRedis()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        Dictionary<string, string?> keys = Replica.Window(1);
        keys["Redis:KeyPrefix"] = "shop:eu";
        await using Replica one = await Replica.StartAsync(redis.Configuration, Replica.Window(1), Patient);
        await using Replica other = await Replica.StartAsync(redis.Configuration, keys, Patient);

        Assert.Equal(HttpStatusCode.OK, await one.GetAsync("key"));
        Assert.Equal(HttpStatusCode.OK, await other.GetAsync("key"));
        Assert.Contains(await redis.KeysAsync(), static key => key.StartsWith("shop:eu:L:", StringComparison.Ordinal));
    }

    /// <summary>A clock that stands still: on a busy machine no answer is late.</summary>
    private static FakeTimeProvider Patient => new();

    private static Dictionary<string, string?> Limit(string algorithm, int permits)
    {
        Assert.Contains(algorithm, Enum.GetNames<RateLimitAlgorithm>());
        return algorithm == "TokenBucket" ? Replica.Bucket(permits) : Replica.Window(permits, algorithm);
    }
}
