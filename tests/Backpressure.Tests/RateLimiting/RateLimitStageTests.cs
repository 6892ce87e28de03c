using System.Runtime.CompilerServices;
using Backpressure.Configuration;
using Backpressure.RateLimiting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Backpressure.Tests.RateLimiting;

public sealed class RateLimitStageTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();

    public static TheoryData<string> AllAlgorithms => new(Enum.GetNames<RateLimitAlgorithm>());

    [Theory]
    [MemberData(nameof(AllAlgorithms))]
    public void TryAcquire_BeyondTheLimit_IsRefusedAndToldWhenToRetry(string algorithm)
    {
        var limit = Limit(algorithm, "L", 3);
        using var stage = new RateLimitStage([limit], _time);
        for (var left = 2; left >= 0; left--)
        {
            Assert.True(stage.TryAcquire(limit, "key", out var permit, out var retryAfter, out var status));
            Assert.Equal(TimeSpan.Zero, retryAfter);
            Assert.Equal(left, status!.Remaining);
            Assert.Same(limit, status.Limit);
            Assert.Equal(limit.Algorithm == RateLimitAlgorithm.Concurrency, permit.IsHeld);
        }

        Assert.False(stage.TryAcquire(limit, "key", out var none, out var wait, out var refused));
        Assert.False(none.IsHeld);
        Assert.Equal(0, refused!.Remaining);
        Assert.True(wait >= s_second, wait.ToString());
        Assert.Equal(0, wait.Ticks % TimeSpan.TicksPerSecond);
    }

    [Theory]
    [MemberData(nameof(AllAlgorithms))]
    public void TryAcquire_OfAnotherKeyOrLimit_IsNotTouched(string algorithm)
    {
        var one = Limit(algorithm, "One", 1);
        var other = Limit(algorithm, "Other", 1);
        using var stage = new RateLimitStage([one, other], _time);
        Assert.True(Acquire(stage, one, "key"));
        Assert.True(Acquire(stage, one, "other key"));
        Assert.True(Acquire(stage, one, null));
        Assert.True(Acquire(stage, one, string.Empty));
        Assert.True(Acquire(stage, other, "key"));
        Assert.False(Acquire(stage, one, "key"));
        Assert.False(Acquire(stage, one, null));
        Assert.False(Acquire(stage, other, "key"));
    }

    [Fact]
    public void TokenBucket_OfAHundredASecond_TellsOneSecond()
    {
        var limit = RateLimits.TokenBucket("L", 100, 100, s_second);
        using var stage = new RateLimitStage([limit], _time);
        Spend(stage, limit, 100);
        var (retryAfter, status) = Refusal(stage, limit);
        Assert.Equal(s_second, retryAfter); // Rounded up from the 10 ms that the next token takes.
        Assert.InRange(status.Reset, TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public void TokenBucket_OfTenInTenMinutes_TellsWhenTheNextTokenComesAndNotThePeriod()
    {
        var limit = RateLimits.TokenBucket("L", 10, 10, TimeSpan.FromMinutes(10));
        using var stage = new RateLimitStage([limit], _time);
        Spend(stage, limit, 10);
        Assert.Equal(TimeSpan.FromSeconds(60), Refusal(stage, limit).RetryAfter);
        _time.Advance(TimeSpan.FromSeconds(45)); // By our count; the bucket itself, on the system's clock, is still empty.
        Assert.Equal(TimeSpan.FromSeconds(15), Refusal(stage, limit).RetryAfter);
    }

    [Fact]
    public void TokenBucket_WhileNobodyAsks_FillsWithoutATimer()
    {
        var limit = RateLimits.TokenBucket("L", 5, 1, TimeSpan.FromMilliseconds(1));
        using var stage = new RateLimitStage([limit], TimeProvider.System);
        for (var i = 0; i < 20; i++)
        {
            Assert.True(SpinWait.SpinUntil(() => Acquire(stage, limit, "key"), TimeSpan.FromSeconds(30)));
        }
    }

    [Fact]
    public void FixedWindow_GivesAllBackWhenTheNextOneBegins()
    {
        var limit = RateLimits.FixedWindow("L", 2, TimeSpan.FromSeconds(10));
        using var stage = new RateLimitStage([limit], _time);
        Spend(stage, limit, 2);
        Assert.Equal(TimeSpan.FromSeconds(10), Refusal(stage, limit).RetryAfter);

        _time.Advance(TimeSpan.FromSeconds(6.5));
        var (retryAfter, status) = Refusal(stage, limit);
        Assert.Equal(TimeSpan.FromSeconds(3.5), status.Reset);
        Assert.Equal(TimeSpan.FromSeconds(4), retryAfter); // Not the whole window.

        _time.Advance(TimeSpan.FromSeconds(3.5));
        Spend(stage, limit, 2);
        Assert.Equal(TimeSpan.FromSeconds(10), Refusal(stage, limit).RetryAfter);
    }

    [Fact]
    public void FixedWindow_AfterALongPause_KeepsToItsGrid()
    {
        var limit = RateLimits.FixedWindow("L", 2, TimeSpan.FromSeconds(10));
        using var stage = new RateLimitStage([limit], _time);
        Spend(stage, limit, 1);
        _time.Advance(TimeSpan.FromSeconds(1)); // Not so long that it is evicted as idle.
        Spend(stage, limit, 1);
        _time.Advance(TimeSpan.FromSeconds(8.5));
        Refusal(stage, limit);
        _time.Advance(TimeSpan.FromSeconds(0.5)); // The window began with the first request, not with the second.
        Spend(stage, limit, 2);
        Refusal(stage, limit);
    }

    [Fact]
    public void SlidingWindow_GivesBackASegmentAtATime()
    {
        var limit = RateLimits.SlidingWindow("L", 3, TimeSpan.FromSeconds(8), segments: 4);
        using var stage = new RateLimitStage([limit], _time);
        Spend(stage, limit, 1);
        _time.Advance(TimeSpan.FromSeconds(2)); // second segment
        Spend(stage, limit, 2);
        _time.Advance(TimeSpan.FromSeconds(2.5)); // in the third
        Assert.Equal(TimeSpan.FromSeconds(4), Refusal(stage, limit).RetryAfter); // 3.5 s until the first segment leaves
        _time.Advance(TimeSpan.FromSeconds(3.5));
        Spend(stage, limit, 1);
        Assert.Equal(TimeSpan.FromSeconds(2), Refusal(stage, limit).RetryAfter); // then the second, with two
        _time.Advance(TimeSpan.FromSeconds(2));
        Spend(stage, limit, 2);
        Assert.Equal(TimeSpan.FromSeconds(6), Refusal(stage, limit).RetryAfter);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(100)]
    public void SlidingWindow_AfterAPauseOfSeveralSegments_HasSlidByAllOfThem(int segments)
    {
        var limit = RateLimits.SlidingWindow("L", 3, TimeSpan.FromSeconds(5), segments);
        using var stage = new RateLimitStage([limit], _time);
        Spend(stage, limit, 3);
        _time.Advance(TimeSpan.FromSeconds(4.99));
        Refusal(stage, limit);
        _time.Advance(TimeSpan.FromSeconds(0.01));
        Spend(stage, limit, 3);
        Refusal(stage, limit);
    }

    [Fact]
    public void SlidingWindow_AgainstACountOfEveryPermit_NeverGivesMoreInAnyWindow()
    {
        const int Permits = 7;
        var limit = RateLimits.SlidingWindow("L", Permits, s_second, segments: 5);
        using var stage = new RateLimitStage([limit], _time);
        var random = new Random(20_26);
        var given = new List<DateTimeOffset>();
        var refused = 0;
        for (var i = 0; i < 5000; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(random.Next(0, 200)));
            if (Acquire(stage, limit, "key"))
            {
                given.Add(_time.GetUtcNow());
            }
            else
            {
                refused++;
            }
        }

        Assert.True(refused > 500, $"{refused} refused: the limit hardly bound, so nothing is proved.");

        // Segments are of 200 ms: permits come back at the boundary at which their whole segment has left the window.
        Assert.All(
            given.Skip(Permits).Zip(given),
            pair => Assert.True(pair.First - pair.Second > TimeSpan.FromMilliseconds(800), (pair.First - pair.Second).ToString()));
    }

    [Fact]
    public void Concurrency_HoldsItsPermitUntilTheRequestCompletes()
    {
        var limit = RateLimits.Concurrency("L", 1);
        using var stage = new RateLimitStage([limit], _time);
        Assert.True(stage.TryAcquire(limit, "key", out var permit, out _, out var status));
        Assert.Equal(TimeSpan.Zero, status!.Reset);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(s_second, Refusal(stage, limit).RetryAfter);
        permit.Dispose();
        Assert.True(stage.TryAcquire(limit, "key", out var next, out _, out _));
        permit.Dispose(); // A second time: does not give back what the next one holds.
        Refusal(stage, limit);
        next.Dispose();
        Assert.True(Acquire(stage, limit, "key"));
    }

    [Fact]
    public void Evict_WhatHasEverythingBack_GoesAndWhatHasNotStays()
    {
        var window = RateLimits.FixedWindow("Window", 2, TimeSpan.FromSeconds(15));
        var sliding = RateLimits.SlidingWindow("Sliding", 2, TimeSpan.FromSeconds(15), 3);
        var bucket = RateLimits.TokenBucket("Bucket", 2, 1, TimeSpan.FromMinutes(10));
        var concurrency = RateLimits.Concurrency("Concurrency", 2);
        using var stage = new RateLimitStage([window, sliding, bucket, concurrency], _time);
        Assert.True(Acquire(stage, window, "key"));
        Assert.True(Acquire(stage, sliding, "key"));
        Assert.True(Acquire(stage, bucket, "key"));
        Assert.True(stage.TryAcquire(concurrency, "key", out var permit, out _, out _));
        Assert.Equal(4, stage.PartitionCount);

        _time.Advance(RateLimitStage.EvictionPeriod);
        Assert.Equal(4, stage.PartitionCount); // All still hold something back.

        _time.Advance(RateLimitStage.EvictionPeriod);
        Assert.Equal(2, stage.PartitionCount); // The windows are over; tokens and the permit are out.

        permit.Dispose();
        _time.Advance(RateLimitStage.EvictionPeriod);
        Assert.Equal(1, stage.PartitionCount);
        Spend(stage, window, 2); // A new partition has it all.
        Refusal(stage, window);
    }

    [Fact]
    public void TryAcquire_OfKeysBeyondTheBound_ShareOnePartition()
    {
        var limit = RateLimits.FixedWindow("L", 2, TimeSpan.FromSeconds(30));
        using var stage = new RateLimitStage([limit], _time, partitionsPerLimit: 3);
        for (var i = 0; i < 3; i++)
        {
            Assert.True(Acquire(stage, limit, $"early {i}"));
        }

        Assert.Equal(2, Enumerable.Range(0, 100_000).Count(i => Acquire(stage, limit, $"late {i}")));
        Assert.Equal(3, stage.PartitionCount);
        Assert.True(Acquire(stage, limit, "early 0")); // Those who came before are not touched.

        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(Acquire(stage, limit, "late 0")); // Eviction has made room for it.
        Assert.True(Acquire(stage, limit, "late 1"));
        Assert.Equal(2, stage.PartitionCount);
    }

    [Fact]
    public void TryAcquire_OfRotatedLongKeys_KeepsMemoryBounded()
    {
        const int Bound = 1000;
        var limit = RateLimits.TokenBucket("L", 1, 1, TimeSpan.FromMinutes(10));
        using var stage = new RateLimitStage([limit], _time, Bound);
        var keys = AcquireRotated(stage, limit, 3 * Bound);

        GC.Collect();
        Assert.Equal(Bound, stage.PartitionCount);
        Assert.DoesNotContain(keys, key => key.IsAlive); // What is kept of a long key is its hash.
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> AcquireRotated(RateLimitStage stage, RateLimitSettings limit, int count)
    {
        var padding = new string('x', 10_000);
        var keys = new List<WeakReference>();
        for (var i = 0; i < count; i++)
        {
            var key = $"{padding}{i}";
            Acquire(stage, limit, key);
            keys.Add(new WeakReference(key));
        }

        return keys;
    }

    [Fact]
    public void Reconfigure_KeepsWhatIsUnchangedAndStartsWhatChangedAfresh()
    {
        var same = RateLimits.FixedWindow("Same", 1, s_second);
        var changed = RateLimits.FixedWindow("Changed", 1, s_second);
        using var stage = new RateLimitStage([same, changed], _time);
        Spend(stage, same, 1);
        Spend(stage, changed, 1);

        stage.Reconfigure([same with { }, changed with { Permits = 2, PermitsPerPeriod = 2 }]);

        Refusal(stage, same);
        Spend(stage, changed, 2); // The old settings were handed in, as by a request from before; the new ones count.
        var (_, status) = Refusal(stage, changed);
        Assert.Equal(2, status.Limit.Permits);
    }

    [Fact]
    public void Reconfigure_ThatRemovesALimit_HoldsNobodyBackAndFailsNothingInProgress()
    {
        var limit = RateLimits.Concurrency("L", 1);
        using var stage = new RateLimitStage([limit], _time);
        Assert.True(stage.TryAcquire(limit, "key", out var permit, out _, out _));

        stage.Reconfigure([]);

        Assert.True(stage.TryAcquire(limit, "key", out var none, out _, out var status));
        Assert.False(none.IsHeld);
        Assert.Null(status);
        permit.Dispose();
        Assert.Equal(0, stage.PartitionCount);
    }

    [Fact]
    public void Reconfigure_ThatAddsALimit_EnforcesIt()
    {
        using var stage = new RateLimitStage([], _time);
        var limit = RateLimits.FixedWindow("L", 1, s_second);
        stage.Reconfigure([limit]);
        Spend(stage, limit, 1);
        Refusal(stage, limit);
    }

    [Fact]
    public void Dispose_WithRequestsInProgress_FailsNone()
    {
        var limit = RateLimits.Concurrency("L", 1);
        var stage = new RateLimitStage([limit], _time);
        Assert.True(stage.TryAcquire(limit, "key", out var permit, out _, out _));
        stage.Dispose();
        stage.Dispose();
        permit.Dispose();
        Assert.True(Acquire(stage, limit, "key"));
        stage.Reconfigure([limit]); // A reload that comes late brings nothing back.
        Assert.Equal(0, stage.PartitionCount);
    }

    [Fact]
    public async Task TryAcquire_WhilePartitionsAreEvicted_NeverGivesAConcurrencyPermitTwice()
    {
        const int Keys = 4;
        var limit = RateLimits.Concurrency("L", 1);
        using var stage = new RateLimitStage([limit], _time);
        var holders = new int[Keys];
        var twice = 0;
        var given = 0;
        using var done = new CancellationTokenSource();
        var evictions = Task.Run(
            () =>
            {
                while (!done.IsCancellationRequested)
                {
                    _time.Advance(RateLimitStage.EvictionPeriod);
                }
            },
            TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(worker => Task.Run(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                var key = (i + worker) % Keys;
                if (stage.TryAcquire(limit, $"key {key}", out var permit, out _, out _))
                {
                    Interlocked.Increment(ref given);
                    if (Interlocked.Increment(ref holders[key]) != 1)
                    {
                        Interlocked.Increment(ref twice);
                    }

                    Interlocked.Decrement(ref holders[key]);
                    permit.Dispose();
                }
            }
        })).ToArray());
        await done.CancelAsync();
        await evictions;
        Assert.Equal(0, twice);
        Assert.True(given > 1000, $"{given} given");
        _time.Advance(RateLimitStage.EvictionPeriod);
        Assert.Equal(0, stage.PartitionCount);
    }

    [Fact]
    public async Task TryAcquire_WhileLimitsAreReloaded_NeverFails()
    {
        var limits = Enum.GetNames<RateLimitAlgorithm>().Select(name => Limit(name, name, 5)).ToArray();
        using var stage = new RateLimitStage(limits, _time);
        using var done = new CancellationTokenSource();
        var reloads = Task.Run(
            () =>
            {
                for (var i = 0; !done.IsCancellationRequested; i++)
                {
                    stage.Reconfigure(i % 3 == 0 ? [] : limits.Select(limit => limit with { Permits = 5 + (i % 3) }));
                }
            },
            TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50_000; i++)
            {
                stage.TryAcquire(limits[i % limits.Length], $"key {i % 7}", out var permit, out var _, out var _);
                permit.Dispose();
            }
        })).ToArray());
        await done.CancelAsync();
        await reloads;
        stage.Reconfigure([]);
        Assert.Equal(0, stage.PartitionCount);
    }

    private static RateLimitSettings Limit(string algorithm, string name, int permits) => Enum.Parse<RateLimitAlgorithm>(algorithm) switch
    {
        RateLimitAlgorithm.TokenBucket => RateLimits.TokenBucket(name, permits, 1, TimeSpan.FromMinutes(10)),
        RateLimitAlgorithm.FixedWindow => RateLimits.FixedWindow(name, permits, s_second),
        RateLimitAlgorithm.SlidingWindow => RateLimits.SlidingWindow(name, permits, s_second, 10),
        RateLimitAlgorithm.Concurrency => RateLimits.Concurrency(name, permits),
        var unknown => throw new NotSupportedException(unknown.ToString()),
    };

    private static bool Acquire(RateLimitStage stage, RateLimitSettings limit, string? key) => stage.TryAcquire(limit, key, out _, out _, out _);

    private static void Spend(RateLimitStage stage, RateLimitSettings limit, int permits)
    {
        for (var i = 0; i < permits; i++)
        {
            Assert.True(Acquire(stage, limit, "key"), $"permit {i + 1} of {permits}");
        }
    }

    private static (TimeSpan RetryAfter, RateLimitStatus Status) Refusal(RateLimitStage stage, RateLimitSettings limit)
    {
        Assert.False(stage.TryAcquire(limit, "key", out _, out var retryAfter, out var status));
        return (retryAfter, status!);
    }
}
