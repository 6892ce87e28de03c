using Backpressure.Configuration;
using Backpressure.RateLimiting;
using Backpressure.Schedules.Controlled;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>Keys that come, go idle and are forgotten, at any step of each other.</summary>
public sealed class RateLimitTests
{
    private static readonly RateLimitSettings OneAtATime = SettingsFactory.Build(new BackpressureOptions
    {
        RateLimits = { ["PerKey"] = new RateLimitOptions { Algorithm = RateLimitAlgorithm.Concurrency, PermitLimit = 1 } },
    }).RateLimits["PerKey"];

    [Fact]
    public void Key_ForgottenAsItIsAsked_StillNeverPassesItsLimit() => Schedule.Explore(async () =>
    {
        var time = new ControlledTime();
        using var stage = new RateLimitStage([OneAtATime], time);
        int inside = 0;
        int given = 0;
        await Schedule.AtOnce(Ask, Ask, Forget, Forget);
        await Ask();
        Assert.True(given > 1, "What is given back can be given again.");

        Task Ask()
        {
            if (stage.TryAcquire(OneAtATime, "key", out RateLimitPermit permit, out _, out _))
            {
                Interlocked.Increment(ref given);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                Interlocked.Decrement(ref inside);
                permit.Dispose();
            }

            return Task.CompletedTask;
        }

        Task Forget()
        {
            time.RunTimers();
            return Task.CompletedTask;
        }
    });

    [Fact]
    public void Dispose_AsAReloadComes_HoldsNobodyBackAfterwards() => Schedule.Explore(async () =>
    {
        using var stage = new RateLimitStage([OneAtATime], new ControlledTime());
        await Schedule.AtOnce(() => Do(stage.Dispose), () => Do(() => stage.Reconfigure([OneAtATime])));
        Assert.True(stage.TryAcquire(OneAtATime, "key", out RateLimitPermit permit, out _, out _));
        Assert.False(permit.IsHeld, "A limit is still in force.");
    });

    [Fact]
    public void Keys_ComingAtOnce_NeverPassTheTablesCapacity() => Schedule.Explore(async () =>
    {
        var table = new RateLimitTable(OneAtATime, new ControlledTime(), capacity: 1);
        await Schedule.AtOnce(() => Ask("one"), () => Ask("two"), () => Ask("one"));
        Assert.Equal(1, table.Count);

        Task Ask(string key)
        {
            while (!table.TryAsk(new PartitionKey(key), out _))
            {
            }

            return Task.CompletedTask;
        }
    });

    // Both make its partition, and one of them in vain.
    [Fact]
    public void Key_AskedByTwoAtOnce_IsCountedOnce() => Schedule.Explore(async () =>
    {
        var table = new RateLimitTable(OneAtATime, new ControlledTime(), capacity: 2);
        await Schedule.AtOnce(() => Do(Ask), () => Do(Ask));
        Assert.Equal(1, table.Count);

        void Ask() => Assert.True(table.TryAsk(new PartitionKey("key"), out _), "Nobody retires it.");
    });

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
