using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.Measurement;
using Backpressure.Observability;
using Backpressure.Schedules.Controlled;
using Microsoft.Coyote.Runtime;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>What all requests share beside the gate: counters, the sign of a full gate, the rate's sampling, the pool.</summary>
public sealed class SharedTests
{
    private static readonly ShedderSettings One = Rig.Fixed(1);

    // With no thread's cell of its own all share one.
    [Theory]
    [InlineData(512)]
    [InlineData(0)]
    public void Increment_ByManyThreadsAtOnce_LosesNone(int threads) => Schedule.Explore(async () =>
    {
        var counters = new ThreadCounters(count: 1, threads);
        await Schedule.AtOnce(Twice, Twice, Twice);
        Assert.Equal(6, counters.Total(0));

        Task Twice()
        {
            counters.Increment(0);
            counters.Increment(0);
            return Task.CompletedTask;
        }
    });

    [Fact]
    public void Post_ByTwoAtOnce_BooksForEachTurnedAwayOnce() => Schedule.Explore(async () =>
    {
        SchedulingPoint.Suppress();
        Gate gate = FullGate(out long now);
        var sign = new FullSign(gate);
        sign.Post(Priority.Normal, now);
        double before = gate.BookAll(Priority.Normal, 0, now);

        // None, if the coarse clock ticks this very moment: nothing is said then.
        int turnedAway = 0;
        for (int i = 0; i < 5; i++)
        {
            turnedAway += sign.TryTurnAway(Priority.Normal, out _) ? 1 : 0;
        }

        SchedulingPoint.Resume();
        await Schedule.AtOnce(() => Post(sign, now), () => Post(sign, now));
        Assert.Equal(turnedAway / gate.DrainPerSecond, gate.BookAll(Priority.Normal, 0, now) - before, 0.001);
    });

    // Whoever looks second sees next to no time pass, in which one completion would be a hundred thousand a second.
    [Fact]
    public void Look_ByTwoAtOnce_GoesByTheRateOnce() => Schedule.Explore(async () =>
    {
        var sampling = new Sampling(GateWord.SequenceBits, ticksPerSecond: 1_000_000, now: 0);
        await Schedule.AtOnce(() => Look(sampling, 50, 10_000), () => Look(sampling, 51, 10_010));
        Assert.Equal(0, sampling.Shift);
    });

    [Fact]
    public void Return_ByManyAtOnce_LosesNone() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        PendingPool pool = PoolWithTwoAtHand(rig, out HashSet<PendingAdmission> all);
        PendingAdmission[] returned = [new(rig.Downstream), new(rig.Downstream), new(rig.Downstream)];
        await Schedule.AtOnce([.. returned.Select(one => (Func<Task>)(() => Return(pool, one)))]);
        all.UnionWith(returned);
        AssertHolds(pool, all);
    });

    // Two may find the same place empty: one of them is lost then, which is no harm. Only the holder of the gate's lock rents.
    [Fact]
    public void Return_ByTwoAsOneIsRented_GivesNoneTwice() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        var pool = new PendingPool();
        var first = new PendingAdmission(rig.Downstream);
        pool.Return(first);
        var rented = new HashSet<PendingAdmission>();
        await Schedule.AtOnce(
            () =>
            {
                for (int i = 0; i < 3; i++)
                {
                    Rent();
                }

                return Task.CompletedTask;
            },
            () => Return(pool, new PendingAdmission(rig.Downstream)),
            () => Return(pool, new PendingAdmission(rig.Downstream)));
        while (Rent())
        {
        }

        Assert.Contains(first, rented);

        bool Rent()
        {
            PendingAdmission? one = pool.TryRent();
            Assert.True(one is null || rented.Add(one), "One was given twice.");
            return one is not null;
        }
    });

    // Only the holder of the gate's lock rents.
    [Fact]
    public void Return_AsOneIsRented_LosesNone() => Schedule.Explore(async () =>
    {
        using var rig = new Rig(One);
        PendingPool pool = PoolWithTwoAtHand(rig, out HashSet<PendingAdmission> all);
        PendingAdmission[] linked = [new(rig.Downstream), new(rig.Downstream)];
        PendingAdmission last = new(rig.Downstream);
        Array.ForEach(linked, pool.Return);
        all.UnionWith([.. linked, last]);
        var rented = new HashSet<PendingAdmission>();
        await Schedule.AtOnce(
            () =>
            {
                for (int i = 0; i < 3; i++)
                {
                    rented.Add(pool.TryRent()!);
                }

                return Task.CompletedTask;
            },
            () => Return(pool, last));
        Assert.Equal(3, rented.Count);
        Assert.Superset(rented, all);
        all.ExceptWith(rented);
        AssertHolds(pool, all);
    });

    private static PendingPool PoolWithTwoAtHand(Rig rig, out HashSet<PendingAdmission> all)
    {
        var pool = new PendingPool();
        all = [new(rig.Downstream), new(rig.Downstream)];
        foreach (PendingAdmission one in all)
        {
            pool.Return(one);
        }

        return pool;
    }

    private static Task Return(PendingPool pool, PendingAdmission one)
    {
        pool.Return(one);
        return Task.CompletedTask;
    }

    private static void AssertHolds(PendingPool pool, HashSet<PendingAdmission> all)
    {
        var found = new HashSet<PendingAdmission>();
        while (pool.TryRent() is { } one)
        {
            Assert.True(found.Add(one), "One is in there twice.");
        }

        Assert.Equal(all, found);
    }

    private static Task Post(FullSign sign, long now)
    {
        sign.Post(Priority.Normal, now);
        return Task.CompletedTask;
    }

    private static Task Look(Sampling sampling, uint completed, long now)
    {
        sampling.Look(completed, now);
        return Task.CompletedTask;
    }

    /// <summary>One that has completed a hundred a second for a second.</summary>
    private static Gate FullGate(out long now)
    {
        now = 1_000_000;
        var gate = new Gate(1, One.Downstreams["Default"].Queue, () => throw new InvalidOperationException("Nobody waits."), 1_000_000, now, seed: 1);
        gate.TryEnter(1);
        for (int i = 0; i < 100; i++)
        {
            now += 10_000;
            DecidedWaiters decided = default;
            gate.Arrive(new Arrival { Priority = Priority.Normal, Overflow = Overflow.Reject, Cost = 1, MaxWait = 0, Policy = "Default" }, now, out _, out _, ref decided);
            gate.Leave(1, out _);
            gate.TryEnter(1);
        }

        Assert.InRange(gate.DrainPerSecond, 50, 200);
        now += 2_000_000;
        return gate;
    }
}
