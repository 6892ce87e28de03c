using Backpressure.Admission;
using Backpressure.Configuration;
using CsCheck;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class LaneTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void OnePartition_IsServedFirstInFirstOut() =>
        Gen.Select(Gen.ULong, Gen.Select(Gen.Int[0, 9], Gen.Int[1, 20], Gen.Bool).Array[1, 200]).Sample((partition, steps) =>
        {
            var lane = new Lane(Second);
            var expected = new Queue<Waiter>();
            long order = 0;
            foreach ((int kind, int work, bool block) in steps)
            {
                if (kind < 6)
                {
                    TestWaiter waiter = Waiter(partition, ++order, work * Second / 100, block);
                    lane.Add(waiter, now: order);
                    expected.Enqueue(waiter);
                }
                else if (expected.TryDequeue(out Waiter? next))
                {
                    Assert.Same(next, lane.Peek(newestFirst: false));
                    lane.Serve(next, now: order);
                    next.Decide(WaiterState.Admitted, default, now: order);
                    lane.Correct(ServiceCharge.Of(next, kind * work * Second / 100, cost: 1));
                }

                // As many ahead of a newcomer as wait, no more and no less.
                Assert.Equal(expected.Count, lane.Ahead(PartitionHand.Of(partition), newestFirst: false));
            }
        });

    [Fact]
    public void Partitions_TakeTurnsBySecondsAndNotByRequests()
    {
        var lane = new Lane(Second);
        long order = 0;
        for (int i = 0; i < 60; i++)
        {
            lane.Add(Waiter(1, ++order, work: 3), now: 0);
            lane.Add(Waiter(2, ++order, work: 1), now: 0);
        }

        int[] served = new int[3];
        for (int i = 0; i < 40; i++)
        {
            Waiter next = lane.Peek(newestFirst: false)!;
            lane.Serve(next, now: 0);
            served[next.Arrival.Partition]++;
        }

        Assert.InRange(served[1], 9, 11);
        Assert.InRange(served[2], 29, 31);
    }

    [Fact]
    public void Correct_OfOneThatWasSlow_LetsTheOthersGoUntilItIsPaid()
    {
        var lane = new Lane(Second);
        long order = 0;
        for (int i = 0; i < 30; i++)
        {
            lane.Add(Waiter(1, ++order, work: 10), now: 0);
            lane.Add(Waiter(2, ++order, work: 10), now: 0);
        }

        Waiter slow = lane.Peek(newestFirst: false)!;
        lane.Serve(slow, now: 0);
        lane.Correct(ServiceCharge.Of(slow, heldTicks: 100, cost: 1));

        ulong[] next = [.. Enumerable.Range(0, 12).Select(_ => Serve(lane))];

        // It has had 100; the other one catches up, in tens.
        Assert.All(next[..10], partition => Assert.Equal(2ul, partition));
        Assert.Contains(1ul, next[10..]);
    }

    [Fact]
    public void Correct_OfOneThatWasCheap_GivesBackWhatItWasChargedTooMuch()
    {
        var lane = new Lane(Second);
        long order = 0;
        for (int i = 0; i < 60; i++)
        {
            lane.Add(Waiter(1, ++order, work: 100), now: 0);
            lane.Add(Waiter(2, ++order, work: 100), now: 0);
        }

        int[] served = new int[3];
        for (int i = 0; i < 55; i++)
        {
            Waiter next = lane.Peek(newestFirst: false)!;
            lane.Serve(next, now: 0);
            served[next.Arrival.Partition]++;
            lane.Correct(ServiceCharge.Of(next, heldTicks: next.Arrival.Partition == 1 ? 10 : 100, cost: 1));
        }

        Assert.InRange(served[1], 47, 52);
    }

    [Fact]
    public void Debt_IsForgottenOnceNobodyHasWaitedForASecond()
    {
        foreach ((double pause, ulong first) in ((double, ulong)[])[(0.9, 2ul), (1.1, 1ul)])
        {
            var lane = new Lane(Second);
            TestWaiter slow = Waiter(1, 1, work: 10);
            lane.Add(slow, now: 0);
            lane.Serve(slow, now: 0);
            lane.Correct(ServiceCharge.Of(slow, heldTicks: 5 * Second, cost: 4));
            long later = (long)(pause * Second);
            lane.Add(Waiter(1, 2, work: 10), later);
            lane.Add(Waiter(2, 3, work: 10), later);

            Assert.Equal(first, Serve(lane));
        }
    }

    // It was charged with ten seconds, of accounts that are gone. Seven to give back would let it go first, before others too.
    [Fact]
    public void Correct_OfAChargeThatIsForgotten_ChangesNothing()
    {
        var lane = new Lane(Second);
        TestWaiter export = Waiter(1, 1, work: 10 * Second);
        lane.Add(export, now: 0);
        lane.Serve(export, now: 0);
        long later = (long)(1.1 * Second);
        lane.Add(Waiter(2, 2, work: 10), later);
        lane.Add(Waiter(1, 3, work: 10), later);

        lane.Correct(ServiceCharge.Of(export, heldTicks: 3 * Second, cost: 1));

        Assert.Equal(2ul, Serve(lane));
    }

    [Fact]
    public void Correct_OfOneServedBeforeThereWereAccounts_ChangesNothing()
    {
        var lane = new Lane(Second);
        TestWaiter export = Waiter(0, 1, work: 10 * Second);
        lane.Add(export, now: 0);
        lane.Serve(export, now: 0);
        lane.Add(Waiter(1, 2, work: 10), now: 5);
        lane.Add(Waiter(0, 3, work: 10), now: 5);

        lane.Correct(ServiceCharge.Of(export, heldTicks: 3 * Second, cost: 1));

        Assert.Equal(1ul, Serve(lane));
    }

    // A minute of service, or ten seconds of all that the gate does, and not an hour of a thousand units.
    [Theory]
    [InlineData(1, 60)]
    [InlineData(6, 60)]
    [InlineData(20, 200)]
    public void Debt_IsBounded(int units, int seconds)
    {
        var lane = new Lane(Second) { Units = units };
        TestWaiter stuck = Waiter(1, 1, work: 10);
        lane.Add(stuck, now: 0);
        lane.Add(Waiter(1, 2, work: 10), now: 0);
        lane.Serve(stuck, now: 0);
        lane.Correct(ServiceCharge.Of(stuck, heldTicks: 3600 * Second, cost: 1000));
        long order = 2;
        int others = 0;
        while (true)
        {
            lane.Add(Waiter(2, ++order, work: Second), now: 0);
            if (Serve(lane) == 1)
            {
                break;
            }

            others++;
        }

        Assert.InRange(others, seconds - 1, seconds + 1);
    }

    [Fact]
    public void FindVictim_IsTheNewestOfTheHeaviestByWhatItWaitsForAndHasHad()
    {
        var lane = new Lane(Second);
        TestWaiter[] many = [.. Enumerable.Range(1, 5).Select(i => Waiter(1, i, work: 10))];
        TestWaiter[] few = [Waiter(2, 6, work: 40), Waiter(2, 7, work: 40)];
        foreach (TestWaiter waiter in many.Concat(few))
        {
            lane.Add(waiter, now: 0);
        }

        Assert.Same(few[1], lane.FindVictim(null, newestFirst: false));
        lane.Remove(few[1], now: 0);
        Assert.Same(many[4], lane.FindVictim(null, newestFirst: false));

        // What it has had before counts as well.
        lane.Serve(few[0], now: 0);
        lane.Correct(ServiceCharge.Of(few[0], heldTicks: 200, cost: 1));
        TestWaiter again = Waiter(2, 8, work: 1);
        lane.Add(again, now: 0);
        Assert.Same(again, lane.FindVictim(null, newestFirst: false));
    }

    [Fact]
    public void FindVictim_ForOneOfTheSamePriority_IsOneOfAHeavierPartitionOrNobody()
    {
        var lane = new Lane(Second);
        TestWaiter[] heavy = [.. Enumerable.Range(1, 3).Select(i => Waiter(1, i, work: 10))];
        foreach (TestWaiter waiter in heavy)
        {
            lane.Add(waiter, now: 0);
        }

        Assert.Same(heavy[2], Victim(lane, partition: 2, work: 10));
        Assert.Same(heavy[2], Victim(lane, partition: 2, work: 29));
        Assert.Null(Victim(lane, partition: 2, work: 30));
        Assert.Null(Victim(lane, partition: 1, work: 1));

        static Waiter? Victim(Lane lane, ulong partition, long work) =>
            lane.FindVictim(new Newcomer(PartitionHand.Of(partition), work, Cohort: 0), newestFirst: false);
    }

    [Theory]
    [InlineData(5, 1ul)]
    [InlineData(60, 1ul)]
    [InlineData(120, 1ul)]
    [InlineData(0, 0ul)]
    public void FindVictim_AmongEquals_IsOfTheLowestCohort(byte cohort, ulong goes)
    {
        var lane = new Lane(Second);
        for (ulong partition = 1; partition <= 5; partition++)
        {
            lane.Add(Waiter(partition, (long)partition, work: 10, cohort: (byte)(partition * 20)), now: 0);
        }

        Waiter? victim = lane.FindVictim(new Newcomer(PartitionHand.Of(6), 10, cohort), newestFirst: false);

        // The lowest that waits is 20: a newcomer below it goes itself.
        Assert.Equal(cohort < 20 ? 0 : goes, victim?.Arrival.Partition ?? 0);
    }

    [Fact]
    public void HundredThousandPartitions_TakeNoMemoryOfTheirOwn()
    {
        var queue = new WaitQueue(GateRig.Queue(), Second);
        TestWaiter[] waiters = [.. Enumerable.Range(0, 1000).Select(_ => new TestWaiter())];
        ulong partition = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();

        int rounds = Effort.Of(100);
        for (int i = 0; i < rounds; i++)
        {
            Round();
        }

        // The one lane's queues, and nothing for any of those who came: that would be a thousand kilobytes.
        Assert.Equal(1000ul * (ulong)rounds, partition);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 32 * 1024);

        void Round()
        {
            foreach (TestWaiter waiter in waiters)
            {
                Begin(waiter, ++partition, work: 10, Overflow.Shed, cohort: 0);
                queue.Add(waiter, now: 0);
            }

            for (int i = 0; i < 500; i++)
            {
                queue.Serve(queue.Peek(now: 0)!, now: 0);
                queue.Remove(queue.FindEvictable(Priority.Critical, default, capacity: 1000, now: 0)!, now: 0);
            }
        }
    }

    private static ulong Serve(Lane lane)
    {
        Waiter next = lane.Peek(newestFirst: false)!;
        lane.Serve(next, now: 0);
        return next.Arrival.Partition;
    }

    private static TestWaiter Waiter(ulong partition, long order, long work, bool block = false, byte cohort = 0)
    {
        var waiter = new TestWaiter { Order = order };
        Begin(waiter, partition, work, block ? Overflow.Block : Overflow.Shed, cohort);
        return waiter;
    }

    private static void Begin(TestWaiter waiter, ulong partition, long work, Overflow overflow, byte cohort)
    {
        var arrival = new Arrival
        {
            Priority = Priority.Normal,
            Overflow = overflow,
            Cost = 1,
            MaxWait = Arrival.Never,
            Partition = partition,
            Cohort = cohort,
        };
        waiter.Begin(arrival, PartitionHand.Of(partition), work, now: 0);
    }
}
