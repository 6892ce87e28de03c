using System.Collections.Concurrent;
using System.Net;
using Backpressure.Redis.Limits;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Redis.Tests;

/// <summary>Redis dies, comes back, stands still, or lets nobody in: no request fails by it, and none waits longer than the time-out.</summary>
public sealed class OutageTests
{
    private const int Connected = 1;
    private const int Disconnected = 2;

    [Fact]
    public async Task RedisKilledAndStartedAnewUnderLoad_FailsNoRequest_AndDecidesAgain()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using Replica replica = await Replica.StartAsync(redis.Configuration, Replica.Window(1_000_000));
        using var stop = new CancellationTokenSource();
        var answers = new ConcurrentDictionary<HttpStatusCode, long>();
        Task load = Task.WhenAll(Enumerable.Range(0, 8).Select(async client =>
        {
            while (!stop.IsCancellationRequested)
            {
                answers.AddOrUpdate(await replica.GetAsync($"key {client}"), 1, static (_, count) => count + 1);
            }
        }));

        await Eventually.TrueAsync(() => replica.DecidedBy(DecisionSource.Store) > 100, "the store decides");
        await redis.KillAsync();
        await Eventually.TrueAsync(() => !replica.Fleet.IsConnected, "the store is missed");
        long before = replica.DecidedBy(DecisionSource.Fallback);
        await Eventually.TrueAsync(() => replica.DecidedBy(DecisionSource.Fallback) > before + 100, "the fallback decides");
        await redis.StartProcessAsync();
        await Eventually.TrueAsync(() => replica.Fleet.IsConnected, "the store is found again");
        long after = replica.DecidedBy(DecisionSource.Store);
        await Eventually.TrueAsync(() => replica.DecidedBy(DecisionSource.Store) > after + 100, "the store decides again");
        await stop.CancelAsync();
        await load;

        Assert.Equal([HttpStatusCode.OK], answers.Keys);
        Assert.NotEmpty(Of(replica, Disconnected));
    }

    [Fact]
    public async Task RedisThatStandsStill_IsNotWaitedForBeyondTheTimeout_AndIsAskedByOneProbeAtATime()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        var time = new FakeTimeProvider();
        await using Replica replica = await Replica.StartAsync(redis.Configuration, Replica.Window(2), time);
        Assert.True((await replica.AskAsync("key")).IsAdmitted);
        await redis.FreezeAsync();

        for (int i = 0; i < Circuit.TimeoutsInRow; i++)
        {
            Task<AdmissionLease> asked = replica.AskAsync($"key {i}");
            time.Advance(TimeSpan.FromMilliseconds(99));
            Assert.False(asked.IsCompleted);
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True((await asked.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken)).IsAdmitted);
        }

        // Nobody waits any more: the replica's own limit decides, from a fresh start and at its full value.
        Assert.False(replica.Fleet.IsConnected);
        bool[] answers = [await AtOnceAsync(replica), await AtOnceAsync(replica), await AtOnceAsync(replica)];
        Assert.Equal([true, true, false], answers);
        Assert.Equal(6, replica.DecidedBy(DecisionSource.Fallback));
        Assert.Contains("within 00:00:00.100, 3 times in a row", Assert.Single(Of(replica, Disconnected)), StringComparison.Ordinal);

        // A probe that is not answered either changes nothing, and is not told.
        time.Advance(FleetLimits.ProbePause);
        time.Advance(FleetLimits.ProbePause);
        Assert.False(replica.Fleet.IsConnected);

        await redis.ThawAsync();
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(FleetLimits.ProbePause);
                return replica.Fleet.IsConnected;
            },
            "a probe is answered");
        Assert.True((await replica.AskAsync("key")).IsAdmitted);
        Assert.Single(Of(replica, Disconnected));
        Assert.Equal(2, Of(replica, Connected).Count());
    }

    [Fact]
    public async Task SlowAnswers_NotInARow_AreNoOutage()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        var time = new FakeTimeProvider();
        await using Replica replica = await Replica.StartAsync(redis.Configuration, Replica.Window(1000), time);
        for (int i = 0; i < 3 * Circuit.TimeoutsInRow; i++)
        {
            await redis.FreezeAsync();
            Task<AdmissionLease> asked = replica.AskAsync("key");
            time.Advance(TimeSpan.FromMilliseconds(100));
            Assert.True((await asked.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken)).IsAdmitted);
            await redis.ThawAsync();
            Assert.True((await replica.AskAsync("key")).IsAdmitted);
        }

        Assert.True(replica.Fleet.IsConnected);
        Assert.Equal(3 * Circuit.TimeoutsInRow, replica.DecidedBy(DecisionSource.Fallback));
        Assert.Empty(Of(replica, Disconnected));
    }

    [Theory]
    [InlineData("Allow", HttpStatusCode.OK)]
    [InlineData("Refuse", HttpStatusCode.TooManyRequests)]
    [InlineData("ReplicaLimit", HttpStatusCode.OK)]
    public async Task RedisThatIsNotThere_DoesNotStopTheStart_AndTheFallbackDecides(string fallback, HttpStatusCode expected)
    {
        RedisServer redis = await RedisServer.StartAsync();
        await redis.DisposeAsync();
        Dictionary<string, string?> keys = Replica.Window(1);
        keys["Redis:WhenDisconnected"] = fallback;
        await using Replica replica = await Replica.StartAsync(redis.Configuration, keys, connects: false);

        using HttpResponseMessage first = await replica.SendAsync("key");
        HttpStatusCode second = await replica.GetAsync("key");

        Assert.Equal(expected, first.StatusCode);
        Assert.Equal(fallback == "Allow" ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests, second);
        if (fallback == "Refuse")
        {
            Assert.Equal(TimeSpan.FromSeconds(1), first.Headers.RetryAfter!.Delta);
        }

        Assert.False(replica.Fleet.IsConnected);
        await Eventually.TrueAsync(() => Of(replica, Disconnected).Any(), "the outage is told");
        Assert.Contains($"Redis at {redis.Configuration} does not decide", Assert.Single(Of(replica, Disconnected)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",password=wrong")]
    public async Task WrongPassword_IsToldAsSuch_AndNoPasswordIs(string password)
    {
        await using RedisServer redis = await RedisServer.StartAsync("right");
        await using Replica replica = await Replica.StartAsync(redis.Configuration + password, Replica.Window(1), connects: false);

        Assert.Equal(HttpStatusCode.OK, await replica.GetAsync("key"));
        await Eventually.TrueAsync(() => Of(replica, Disconnected).Any(), "the outage is told");

        string told = Assert.Single(Of(replica, Disconnected));
        Assert.Contains("it does not accept the user or the password", told, StringComparison.Ordinal);
        Assert.Contains("Backpressure:Redis:Configuration", told, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RightPassword_LetsIn()
    {
        await using RedisServer redis = await RedisServer.StartAsync("right");

        await using Replica replica = await Replica.StartAsync(redis.Configuration + ",password=right", Replica.Window(1));

        Assert.Equal(HttpStatusCode.OK, await replica.GetAsync("key"));
    }

    [Fact]
    public async Task RedisThatRefusesToWrite_IsAnOutageToo()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using Replica replica = await Replica.StartAsync(redis.Configuration, Replica.Window(1));
        await redis.Database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        Assert.Equal(HttpStatusCode.OK, await replica.GetAsync("key"));

        Assert.Contains("OOM", Assert.Single(Of(replica, Disconnected)), StringComparison.Ordinal);
        await redis.Database.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await Eventually.TrueAsync(() => replica.Fleet.IsConnected, "the store decides again");
    }

    private static async Task<bool> AtOnceAsync(Replica replica)
    {
        Task<AdmissionLease> asked = replica.AskAsync("another");
        Assert.True(asked.IsCompletedSuccessfully);
        return (await asked).IsAdmitted;
    }

    private static IEnumerable<string> Of(Replica replica, int id) => replica.Logs.GetSnapshot()
        .Where(line => line.Id.Id == id && line.Category == "Backpressure.Redis" && line.Level >= LogLevel.Information).Select(static line => line.Message);
}
