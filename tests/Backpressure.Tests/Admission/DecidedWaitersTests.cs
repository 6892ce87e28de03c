using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class DecidedWaitersTests
{
    [Fact]
    public void Tell_OfSome_TellsEachOnceInTheirOrderAndForgetsThem()
    {
        var told = new List<TestWaiter>();
        DecidedWaiters decided = default;
        Assert.True(decided.IsEmpty);
        TestWaiter[] waiters = [Waiter(), Waiter(), Waiter()];
        foreach (TestWaiter waiter in waiters)
        {
            decided.Add(waiter);
            Assert.False(decided.IsEmpty);
        }

        decided.Tell();
        Assert.True(decided.IsEmpty);
        decided.Tell();

        Assert.Equal(waiters, told);
        Assert.All(waiters, w => Assert.Null(w.DecidedNext));

        TestWaiter Waiter() => new() { WhenTold = told.Add };
    }

    [Fact]
    public void Add_AfterAllWereTold_TellsTheNewOnesOnly()
    {
        TestWaiter early = new();
        TestWaiter late = new();
        DecidedWaiters decided = default;
        decided.Add(early);
        decided.Tell();

        decided.Add(late);
        decided.Tell();

        Assert.Equal((1, 1), (early.Told, late.Told));
    }

    // Who was told may wait again at once, and be decided in another list, before the next of this one is told.
    [Fact]
    public void Tell_OfOneThatIsDecidedAgainAtOnce_TellsTheNext()
    {
        TestWaiter other = new();
        TestWaiter first = new()
        {
            WhenTold = self =>
            {
                DecidedWaiters again = default;
                again.Add(self);
                again.Add(other);
            },
        };
        TestWaiter second = new();
        DecidedWaiters decided = default;
        decided.Add(first);
        decided.Add(second);

        decided.Tell();

        Assert.Equal((1, 1, 0), (first.Told, second.Told, other.Told));
    }
}
