using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class WaiterListTests
{
    private long _order;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Remove_OfAnyPlace_LeavesTheOthersLinkedBothWays(int gone)
    {
        WaiterList list = default;
        List<Waiter> waiters = [Waiting(10), Waiting(10), Waiting(10)];
        waiters.ForEach(w => list.Append(w));
        AssertIs(waiters, list);

        Waiter removed = waiters[gone];
        list.Remove(removed);
        waiters.RemoveAt(gone);

        AssertIs(waiters, list);
        Assert.True(removed.Next is null && removed.Previous is null, "It may stand in another list.");
        removed.Order = ++_order;
        list.Append(removed);
        AssertIs([.. waiters, removed], list);
    }

    [Fact]
    public void Remove_OfTheLast_LeavesNobody()
    {
        WaiterList list = default;
        Waiter waiter = Waiting(10);
        list.Append(waiter);

        list.Remove(waiter);

        AssertIs([], list);
    }

    [Fact]
    public void Append_TellsWhetherAllEndInTheirOrder()
    {
        WaiterList list = default;
        Assert.True(list.Append(Waiting(10)));
        Assert.True(list.Append(Waiting(10)));
        Assert.True(list.Append(Waiting(12)));
        Assert.False(list.Append(Waiting(11)));

        // Not by the last that came: the one before it ends later.
        Assert.False(list.Append(Waiting(11)));
        Assert.True(list.Append(Waiting(12)));
        Assert.True(list.Append(Waiting(13)));
        Assert.False(list.Append(Waiting(12)));
    }

    [Fact]
    public void Append_AfterAllHaveGone_KnowsNoEndBefore()
    {
        WaiterList list = default;
        Waiter late = Waiting(100);
        list.Append(late);
        list.Remove(late);

        Assert.True(list.Append(Waiting(10)));
        Assert.True(list.Append(Waiting(11)));
        Assert.False(list.Append(Waiting(10)));
    }

    [Fact]
    public void Oldest_IsTakenAgainAndAgain_NobodyElseIsTouched()
    {
        WaiterList list = default;
        List<Waiter> waiters = [Waiting(10), Waiting(10), Waiting(10)];
        waiters.ForEach(w => list.Append(w));
        foreach (Waiter waiter in waiters)
        {
            Assert.Equal((waiter, waiter.Order), (list.Oldest, list.OldestOrder));
            Waiter? previous = waiter.Next?.Previous;
            list.Remove(waiter);
            Assert.Same(previous, list.Oldest?.Previous);
        }

        Assert.Equal((0, null, null), (list.Count, list.Oldest, list.Newest));
    }

    private TestWaiter Waiting(long maxWait)
    {
        var waiter = new TestWaiter { Order = ++_order };
        waiter.Begin(new Arrival { Priority = Priority.Normal, Overflow = Overflow.Shed, Cost = 1, MaxWait = maxWait }, default, 1, 0);
        return waiter;
    }

    private static void AssertIs(List<Waiter> expected, WaiterList list)
    {
        Assert.Equal((expected.Count, expected.FirstOrDefault(), expected.LastOrDefault()), (list.Count, list.Oldest, list.Newest));
        Assert.True(expected.Count == 0 || list.OldestOrder == expected[0].Order);
        var forwards = new List<Waiter>();
        for (Waiter? waiter = list.Oldest; waiter is not null; waiter = waiter.Next)
        {
            Assert.True(waiter.Next is null || waiter.NextOrder == waiter.Next.Order);
            forwards.Add(waiter);
        }

        var backwards = new List<Waiter>();
        for (Waiter? waiter = list.Newest; waiter is not null; waiter = waiter == list.Oldest ? null : waiter.Previous)
        {
            backwards.Insert(0, waiter);
        }

        Assert.Equal(expected, forwards);
        Assert.Equal(expected, backwards);
    }
}
