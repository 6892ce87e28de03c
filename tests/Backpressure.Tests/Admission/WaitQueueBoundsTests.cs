using Backpressure.Admission;
using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Tests.Admission;

/// <summary>The queue of all lanes at each threshold and just beside it.</summary>
public sealed class WaitQueueBoundsTests
{
    private const long Second = 1000;

    [Theory]
    [InlineData(ProcessingOrder.OldestFirst, 101, true)]
    [InlineData(ProcessingOrder.NewestFirstUnderOverload, 100, true)]
    [InlineData(ProcessingOrder.NewestFirstUnderOverload, 101, false)]
    public void NewestGoesFirst_OnceSomebodyHasWaitedForMoreThanATenthOfASecond(ProcessingOrder order, long now, bool oldest)
    {
        var queue = new WaitQueue(GateRig.Queue(order: order), Second);
        TestWaiter first = Add(queue);
        TestWaiter last = Add(queue);

        Assert.Same(oldest ? first : last, queue.Peek(now));
    }

    [Theory]
    [InlineData(9_999, false)]
    [InlineData(10_000, true)]
    public void Places_AreKeptForALaneThatSomebodyCameToWithinTenSeconds(long now, bool hasRoom)
    {
        var queue = new WaitQueue(GateRig.Queue(minShare: 0.3), Second);
        queue.NoteArrival(Priority.Low, work: 1, now: 0);

        // One of four is Low's: a fourth is nobody else's.
        Add(queue);
        Add(queue);
        Add(queue);
        Assert.Equal(hasRoom, queue.HasRoom(Priority.Normal, capacity: 4, now));
    }

    [Fact]
    public void AllInTime_UntilTheFirstEnd_WhereNobodyMayBeTooLateBefore()
    {
        var queue = new WaitQueue(GateRig.Queue(), Second);
        Assert.True(queue.AllInTime(now: 0));
        TestWaiter waiter = Add(queue, maxWait: 50);
        Assert.True(queue.AllInTime(now: 49));
        Assert.False(queue.AllInTime(now: 50));

        TestWaiter withDeadline = Add(queue, deadline: 500);
        Assert.False(queue.AllInTime(now: 0));
        queue.Remove(withDeadline, now: 0);
        Assert.True(queue.AllInTime(now: 0));
        queue.Serve(waiter, now: 0);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void TakeExpired_AtTheVeryEndAndNotBefore_AndTellsWhenTheNextIsOver()
    {
        var queue = new WaitQueue(GateRig.Queue(), Second);
        TestWaiter first = Add(queue, maxWait: 50);
        TestWaiter second = Add(queue, Priority.Low, maxWait: 70);
        List<Waiter> expired = [];

        queue.TakeExpired(now: 49, expired);
        Assert.Empty(expired);
        queue.TakeExpired(now: 50, expired);
        Assert.Equal([first], expired);
        Assert.True(queue.AllInTime(now: 69));
        Assert.False(queue.AllInTime(now: 70));
        queue.TakeExpired(now: 70, expired);
        Assert.Equal([first, second], expired);
        Assert.True(queue.AllInTime(long.MaxValue - 1));
    }

    [Fact]
    public void Share_OfALaneThatWasTheHighest_IsNotUsedUpByThat()
    {
        var queue = new WaitQueue(GateRig.Queue(minShare: 0.25), Second);
        Add(queue, Priority.Low);
        for (int i = 0; i < 100; i++)
        {
            Serve(queue, Add(queue, Priority.High));
        }

        Serve(queue, queue.Peek(now: 0)!); // Low's turn, which it has saved.
        for (int i = 0; i < 12; i++)
        {
            Add(queue, Priority.High);
            Add(queue, Priority.Critical);
        }

        List<Priority> served = [];
        for (int i = 0; i < 5; i++)
        {
            served.Add(Serve(queue, queue.Peek(now: 0)!));
        }

        Assert.Equal([Priority.Critical, Priority.Critical, Priority.Critical, Priority.Critical, Priority.High], served);
    }

    [Fact]
    public void TurnSaved_IsOfALowerLane_AlsoWhereTheHighestHasSavedOneToo()
    {
        var queue = new WaitQueue(GateRig.Queue(minShare: 0.5), Second);
        Add(queue, Priority.High);
        Add(queue, Priority.High);
        Add(queue, Priority.Low);
        TestWaiter[] critical = [Add(queue, Priority.Critical), Add(queue, Priority.Critical)];
        Serve(queue, critical[0]);
        Serve(queue, critical[1]);

        Assert.Equal(Priority.Low, queue.Peek(now: 0)!.Priority);
    }

    // Being served as the highest costs a lane nothing of its share once a higher one is there.
    [Fact]
    public void TurnsOfTheHighest_CostNothingLater()
    {
        var queue = new WaitQueue(GateRig.Queue(minShare: 0.25), Second);
        for (int i = 0; i < 8; i++)
        {
            Add(queue, Priority.Normal);
            Add(queue, Priority.Low);
        }

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Priority.Normal, Serve(queue, queue.Peek(now: 0)!));
        }

        for (int i = 0; i < 5; i++)
        {
            Add(queue, Priority.Critical);
        }

        Priority[] served = [.. Enumerable.Range(0, 5).Select(_ => Serve(queue, queue.Peek(now: 0)!))];
        Assert.Equal([Priority.Critical, Priority.Low, Priority.Critical, Priority.Critical, Priority.Normal], served);
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(Arrival.Never, Arrival.Never)]
    public void Waiter_KnowsHowLongItMayWait(long maxWait, long expected)
    {
        var queue = new WaitQueue(GateRig.Queue(), Second);
        Assert.Equal(expected, Add(queue, maxWait: maxWait, now: 30).Arrival.MaxWait);
        Assert.Equal(70, Add(queue, deadline: 100, now: 30).Arrival.MaxWait);
    }

    [Fact]
    public void Waiter_IsInTime_IfItWouldEndJustByItsDeadline()
    {
        TestWaiter waiter = Add(new WaitQueue(GateRig.Queue(), Second), deadline: 100, usual: 40);
        Assert.True(waiter.IsInTime(60));
        Assert.False(waiter.IsInTime(61));
    }

    private static Priority Serve(WaitQueue queue, Waiter waiter)
    {
        queue.Serve(waiter, now: 0);
        return waiter.Priority;
    }

    private static TestWaiter Add(
        WaitQueue queue,
        Priority priority = Priority.Normal,
        long maxWait = Arrival.Never,
        long deadline = Arrival.Never,
        long usual = 0,
        long now = 0)
    {
        var waiter = new TestWaiter();
        var arrival = new Arrival { Priority = priority, Overflow = Overflow.Shed, Cost = 1, MaxWait = maxWait, Deadline = deadline, UsualService = usual };
        waiter.Begin(arrival, default, 10, now);
        queue.Add(waiter, now);
        return waiter;
    }
}
