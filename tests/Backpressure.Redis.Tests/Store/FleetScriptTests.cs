using Backpressure.RateLimiting;
using Backpressure.Redis.Store;
using CsCheck;
using StackExchange.Redis;

namespace Backpressure.Redis.Tests.Store;

/// <summary>The scripts, in a real Redis, against models of them that tell the time.</summary>
public sealed class FleetScriptTests
{
    private const long Start = 1_700_000_000_000_000;
    private const long Second = 1_000_000;

    // Mostly steps that matter, sometimes none, sometimes a day, sometimes a clock that is set back.
    private static Gen<long[]> Steps(long span) => Gen.Frequency(
        (6, Gen.Long[0, span]), (2, Gen.Const(0L)), (2, Gen.Const(span)), (1, Gen.Const(span - 1)), (1, Gen.Long[span, 40 * span]), (1, Gen.Const(86_400 * Second)),
        (1, Gen.Long[-3 * span, 0])).Array[1, 60];

    [Fact]
    public async Task TokenBucket_DecidesAsTheModelDoes()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        int number = 0;

        // A token takes twelve seconds at least, so that none comes by the server's own clock, which is that of the expiry.
        Gen<(int Capacity, int Added, long Period, long[] Steps)> cases =
            from capacity in Gen.Int[1, 12]
            from added in Gen.Int[1, 5]
            from period in Gen.Long[60 * Second, 600 * Second]
            from steps in Steps(period / added)
            select (capacity, added, period, steps);

        await cases.SampleAsync(
            async one =>
            {
                var model = new BucketModel(one.Capacity, one.Added, one.Period);
                await CompareAsync(
                    redis, FleetScript.TokenBucket, $"bucket {Interlocked.Increment(ref number)}", [one.Capacity, one.Added, one.Period], one.Steps, model.Ask);
            },
            iter: 150, threads: 2);
    }

    [Fact]
    public async Task Window_DecidesAsTheModelDoes()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        int number = 0;
        Gen<(int Permits, long Length, int Segments, long[] Steps)> cases =
            from permits in Gen.Int[1, 8]
            from length in Gen.Long[15 * Second, 600 * Second]
            from segments in Gen.Int[1, 12]
            from steps in Steps(length)
            select (permits, length, segments, steps);

        await cases.SampleAsync(
            async one =>
            {
                var model = new WindowModel(one.Permits, one.Length, one.Segments);
                await CompareAsync(
                    redis, FleetScript.Window, $"window {Interlocked.Increment(ref number)}", [one.Permits, one.Length, one.Segments], one.Steps, model.Ask);
            },
            iter: 150, threads: 2);
    }

    [Theory]
    [InlineData(1_000_000, 1_000_000, 600 * Second)]
    [InlineData(1_000_000, 1, 600 * Second)]
    [InlineData(1, 1, 1_000)]
    public async Task TokenBucket_AtTheBoundsOfItsNumbers_IsExact(int capacity, int added, long period)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        var model = new BucketModel(capacity, added, period);

        // Each at once: nothing expires between.
        (bool, long, long) answer = await AskAsync(redis, FleetScript.TokenBucket, "bounds", [capacity, added, period, Start]);

        Assert.Equal(model.Ask(Start), answer);
    }

    [Fact]
    public async Task TokenBucket_ByTheServersClock_NeverGivesMoreThanItHeldAndGot()
    {
        const int Capacity = 20;
        const int Added = 1000;
        await using RedisServer redis = await RedisServer.StartAsync();
        long before = await TimeOfAsync(redis);

        bool[] answers = await Task.WhenAll(Enumerable.Range(0, 2000).Select(async _ =>
            (await AskAsync(redis, FleetScript.TokenBucket, "real", [Capacity, Added, Second])).IsAcquired));

        long after = await TimeOfAsync(redis);
        Assert.InRange(answers.Count(static acquired => acquired), Capacity, Capacity + ((after - before) * Added / Second));
    }

    [Fact]
    public async Task Window_ByTheServersClock_GivesExactlyItsPermits()
    {
        await using RedisServer redis = await RedisServer.StartAsync();

        bool[] answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async _ =>
            (await AskAsync(redis, FleetScript.Window, "real", [123, 60 * Second, 10])).IsAcquired));

        Assert.Equal(123, answers.Count(static acquired => acquired));
    }

    [Fact]
    public async Task AskAsync_WhenTheServerHasForgottenTheScript_SendsItAlong()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        RedisValue[] limit = [2, 60 * Second, 1];
        Assert.Equal(1, (await AskAsync(redis, FleetScript.Window, "key", limit)).Remaining);
        await redis.Database.ExecuteAsync("SCRIPT", "FLUSH");

        Assert.Equal(0, (await AskAsync(redis, FleetScript.Window, "key", limit)).Remaining);
        Assert.False((await AskAsync(redis, FleetScript.Window, "key", limit)).IsAcquired);

        // Once for each time that it was not known; by its digest alone otherwise.
        string statistics = (await redis.Database.ExecuteAsync("INFO", "commandstats")).ToString();
        Assert.Contains("cmdstat_eval:calls=2,", statistics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_AreGoneWhenAllIsThereAgain()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await AskAsync(redis, FleetScript.TokenBucket, "bucket", [10, 1, Second]);
        await AskAsync(redis, FleetScript.Window, "window", [10, Second / 2, 4]);

        // One token of a second is missing; four segments of half a second, the first of them now.
        Assert.InRange((await redis.Database.KeyTimeToLiveAsync("bucket"))!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(1002));
        Assert.InRange((await redis.Database.KeyTimeToLiveAsync("window"))!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(2002));
        await Eventually.TrueAsync(async () => (await redis.KeysAsync()).Length == 0, "no key is left");
    }

    private static async Task CompareAsync(
        RedisServer redis, FleetScript script, string key, RedisValue[] limit, long[] steps, Func<long, (bool IsAcquired, long Remaining, long UntilMore)> model)
    {
        // So that the server knows the script.
        await AskAsync(redis, script, "another key", [.. limit, Start]);
        long now = Start;
        for (int i = 0; i < steps.Length; i++)
        {
            now += steps[i];

            // Only the test's time passes: by the server's own, a key that is all but full again is gone a moment later.
            ITransaction both = redis.Database.CreateTransaction();
            Task<RateLimitAnswer> answer = script.AskAsync(both, key, [.. limit, now]);
            Task<bool> kept = both.KeyPersistAsync(key);
            Assert.True(await both.ExecuteAsync());
            await kept;
            Assert.Equal((i, model(now)), (i, FieldsOf(await answer)));
        }
    }

    private static async Task<(bool IsAcquired, long Remaining, long UntilMore)> AskAsync(RedisServer redis, FleetScript script, string key, RedisValue[] arguments) =>
        FieldsOf(await script.AskAsync(redis.Database, key, arguments));

    private static (bool IsAcquired, long Remaining, long UntilMore) FieldsOf(RateLimitAnswer answer) =>
        (answer.IsAcquired, answer.Remaining, answer.UntilMore.Ticks / TimeSpan.TicksPerMicrosecond);

    private static async Task<long> TimeOfAsync(RedisServer redis)
    {
        var time = (long[])(await redis.Database.ExecuteAsync("TIME"))!;
        return (time[0] * Second) + time[1];
    }
}
