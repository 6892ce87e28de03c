using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

/// <summary>A lane's accounts at each threshold and just beside it. Each waiter is charged ten, unless it says otherwise.</summary>
public sealed class LaneBoundsTests
{
    private const long Second = 1000;
    private const ulong Nobody = 0;
    private const ulong A = 1;
    private const ulong B = 2;

    private readonly Lane _lane = new(Second);
    private long _order;

    [Fact]
    public void Ahead_InOneQueue_IsAllOrNobody()
    {
        Assert.Equal(0, AheadOf(Nobody));
        Add(Nobody, times: 5);
        Assert.Equal(5, AheadOf(Nobody));
        Assert.Equal(0, AheadOf(Nobody, newestFirst: true));
    }

    // A queue that may still stand before it counts as one.
    [Fact]
    public void Ahead_OfTheFirstWhoSaysWhoseItIs_IsOneOfEachQueue()
    {
        Add(Nobody, times: 5);
        Assert.Equal(1, AheadOf(A));
        Assert.Equal(1, AheadOf(ulong.MaxValue));

        // Its queue is not there yet, be it the very next.
        Assert.Equal(1, AheadOf(FirstInQueue(1)));
        Assert.Equal(1, AheadOf(A, newestFirst: true));
    }

    // Who has several queues stands in them by turns: two of A's in each of four, and four of B's.
    [Fact]
    public void Ahead_OfOneOfMany_IsAsMuchOfEachQueueAsIsDueBefore()
    {
        Add(A, times: 8);
        Add(B, times: 16);

        // 80 is due to A's and 160 to B's: of B's, half goes before A's next.
        Assert.Equal(8 + 8, AheadOf(A), 9);
        Assert.Equal(8 + 16, AheadOf(B), 9);

        // The first of each queue, where nothing is due to oneself.
        Assert.Equal(4 + 4, AheadOf(FarFrom(A, B)), 9);
        Assert.Equal(4 + 4, AheadOf(Nobody), 9);
    }

    [Fact]
    public void Ahead_CountsWhatHasBeenPaid()
    {
        Add(A, times: 8);
        Add(B, times: 16);
        ServeNext(A);
        ServeNext(B);

        // Both have had 10. A waits for 70 more and B for 150, of which as much is due before A's next.
        Assert.Equal(7 + (15 * 70 / 150.0), AheadOf(A), 9);
    }

    [Fact]
    public void Ahead_NewestFirst_IsWhoIsDueBeforeAndNotOnesOwn()
    {
        Add(A);
        Add(B, times: 8);
        Assert.Equal(1 + 4, AheadOf(A, newestFirst: true), 9); // A's one stands in another queue of the hand.
        Add(A, times: 3);
        Assert.Equal(3 + 4, AheadOf(A, newestFirst: true), 9); // Now it would be the newest in one of them.
    }

    [Theory]
    [InlineData(Second, B)]
    [InlineData(Second + 1, A)]
    public void Accounts_AreForgottenAfterMoreThanASecondWithNobody(long pause, ulong next)
    {
        Add(A, charge: 100);
        ServeNext(A);
        _lane.Add(Waiter(A), now: pause);
        _lane.Add(Waiter(B), now: pause);

        Assert.Equal(next, _lane.Peek(newestFirst: false)!.Arrival.Partition);
    }

    [Fact]
    public void Newcomer_OfEqualQueues_StandsInTheFirstOfItsHand()
    {
        PartitionHand hand = PartitionHand.Of(A);
        for (int i = 0; i < PartitionHand.Size; i++)
        {
            TestWaiter waiter = Waiter(A);
            _lane.Add(waiter, now: 0);
            Assert.Equal(hand[i], waiter.Queue);
        }
    }

    [Fact]
    public void Nobodys_WeighAsMuchAsTheyAre()
    {
        Add(Nobody, times: 3);
        Add(A, times: 4);
        Assert.Equal(A, VictimOf(_lane));

        Add(Nobody, times: 2);
        Assert.Equal(Nobody, VictimOf(_lane));
    }

    [Fact]
    public void Victim_IsOfWhoHasHadAndWantsMost_NotOfWhoHasHadAnythingAtAll()
    {
        // A has had what is fair by now, and X more; B has had nothing, which is not saved up.
        const ulong X = 3;
        Add(A, charge: 100);
        Add(X, charge: 100);
        Add(X, charge: 100);
        ServeNext(A);
        ServeNext(X);
        ServeNext(X);
        Add(A, charge: 30);
        Add(B, charge: 35);

        Assert.Equal(B, VictimOf(_lane));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Expired_AtTheVeryEndOfItsTime(bool block)
    {
        TestWaiter waiter = Waiter(Nobody, maxWait: 50, block: block);
        _lane.Add(waiter, now: 0);
        TestWaiter other = Waiter(Nobody, maxWait: 70, block: !block);
        _lane.Add(other, now: 0);
        (int queue, long firstEnd) = (0, Arrival.Never);

        Assert.Null(_lane.NextExpired(49, ref queue, ref firstEnd));
        Assert.Equal(50, firstEnd);
        queue = 0;
        Assert.Same(waiter, _lane.NextExpired(50, ref queue, ref firstEnd));

        _lane.Remove(waiter, now: 50);
        (queue, firstEnd) = (0, 90);
        Assert.Null(_lane.NextExpired(69, ref queue, ref firstEnd));
        Assert.Equal(70, firstEnd);
        queue = 0;
        Assert.Same(other, _lane.NextExpired(70, ref queue, ref firstEnd));
    }

    // A's first goes before all, and its queue has its turn only when it has paid for it.
    [Fact]
    public void Serve_OfOneWhomOthersWaitFor_PutsItsQueueBehind()
    {
        ulong other = FarFrom(A);
        TestWaiter ahead = Waiter(A, nested: true);
        _lane.Add(ahead, now: 0);
        Add(A);
        Add(other);
        Assert.Same(ahead, _lane.Peek(newestFirst: false));
        _lane.Serve(ahead, now: 0);

        ServeNext(other);
        ServeNext(A);
    }

    // A is deep in debt; one of its requests that others wait for goes first all the same, and the debt stays.
    [Fact]
    public void Serve_OfOneWhomOthersWaitFor_ForgetsNobodysDebt()
    {
        ulong other = FarFrom(A);
        Add(A, times: 2);
        Waiter slow = _lane.Peek(newestFirst: false)!;
        _lane.Serve(slow, now: 0);
        _lane.Correct(ServiceCharge.Of(slow, heldTicks: 50, cost: 1));
        Add(other, times: 6);
        TestWaiter ahead = Waiter(A, nested: true);
        _lane.Add(ahead, now: 0);
        Assert.Same(ahead, _lane.Peek(newestFirst: false));
        _lane.Serve(ahead, now: 0);

        for (int i = 0; i < 6; i++)
        {
            ServeNext(other);
        }

        ServeNext(A);
    }

    // But where nobody stands in a queue, what it has had is where all begin.
    [Fact]
    public void Serve_OfOneWhomOthersWaitFor_WithNobodyBehind_IsNoLeadOfThoseWhoComeLater()
    {
        ulong other = FarFrom(A);
        for (int i = 0; i < 5; i++)
        {
            TestWaiter ahead = Waiter(A, nested: true);
            _lane.Add(ahead, now: 0);
            _lane.Serve(ahead, now: 0);
        }

        Add(A);
        Add(other, times: 3);
        ServeNext(other);
        ServeNext(A);
    }

    [Fact]
    public void Peek_NewestFirst_IsAlsoOfThoseWhoBlock()
    {
        TestWaiter[] waiters = [Waiter(Nobody, block: true), Waiter(Nobody, block: true)];
        _lane.Add(waiters[0], now: 0);
        _lane.Add(waiters[1], now: 0);
        Assert.Same(waiters[0], _lane.Peek(newestFirst: false));
        Assert.Same(waiters[1], _lane.Peek(newestFirst: true));
    }

    // There is one queue yet, number 0; the newcomer's are not there.
    [Fact]
    public void FindVictim_ForTheFirstWhoSaysWhoseItIs_LooksAtQueuesThatAreThere()
    {
        Add(Nobody);
        Assert.Equal(Nobody, _lane.FindVictim(new Newcomer(PartitionHand.Of(FirstInQueue(1)), Work: 5, Cohort: 0), newestFirst: false)!.Arrival.Partition);
        Assert.Null(_lane.FindVictim(new Newcomer(PartitionHand.Of(FirstInQueue(1)), Work: 15, Cohort: 0), newestFirst: false));
    }

    [Fact]
    public void Correct_BeforeThereAreAccounts_IsNoDebt()
    {
        TestWaiter slow = Waiter(Nobody);
        _lane.Add(slow, now: 0);
        _lane.Serve(slow, now: 0);
        _lane.Correct(ServiceCharge.Of(slow, heldTicks: 500, cost: 1));
        Add(Nobody);
        Add(A);

        ServeNext(Nobody);
    }

    private static ulong VictimOf(Lane lane) => lane.FindVictim(null, newestFirst: false)!.Arrival.Partition;

    private static ulong FirstInQueue(int queue)
    {
        ulong partition = 1;
        while (PartitionHand.Of(partition)[0] != queue)
        {
            partition++;
        }

        return partition;
    }

    // One that shares no queue with others.
    private static ulong FarFrom(params ulong[] others)
    {
        HashSet<int> taken = [.. others.SelectMany(static o => Enumerable.Range(0, PartitionHand.Size).Select(i => PartitionHand.Of(o)[i]))];
        ulong partition = others.Max() + 1;
        while (Enumerable.Range(0, PartitionHand.Size).Any(i => taken.Contains(PartitionHand.Of(partition)[i])))
        {
            partition++;
        }

        return partition;
    }

    private double AheadOf(ulong partition, bool newestFirst = false) => _lane.Ahead(PartitionHand.Of(partition), newestFirst);

    private void Add(ulong partition, long charge = 10, int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            _lane.Add(Waiter(partition, charge), now: 0);
        }
    }

    private void ServeNext(ulong partition)
    {
        Waiter next = _lane.Peek(newestFirst: false)!;
        Assert.Equal(partition, next.Arrival.Partition);
        _lane.Serve(next, now: 0);
    }

    private TestWaiter Waiter(ulong partition, long charge = 10, long maxWait = Arrival.Never, bool block = false, bool nested = false)
    {
        var waiter = new TestWaiter { Order = ++_order };
        var arrival = new Arrival
        {
            Priority = Priority.Normal,
            Overflow = block ? Overflow.Block : Overflow.Shed,
            Cost = 1,
            MaxWait = maxWait,
            Partition = partition,
            Nested = nested,
        };
        waiter.Begin(arrival, PartitionHand.Of(partition), charge, now: 0);
        return waiter;
    }
}
