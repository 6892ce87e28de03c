using Backpressure.Admission;
using CsCheck;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class TimingWheelTests
{
    private const long Second = 1000;

    [Fact]
    public void TakeExpired_AgainstAPlainList_TakesExactlyThoseWhoseTimeIsOver() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 5000]).Array[1, 200].Sample(
            operations =>
            {
                long now = 777;
                var wheel = new TimingWheel(Second, now);
                var plain = new List<TestWaiter>();
                foreach ((int kind, int number) in operations)
                {
                    switch (kind)
                    {
                        case 0 or 1:
                            var waiter = new TestWaiter();
                            waiter.Begin(Asking(number), default, 1, now);
                            wheel.Add(waiter);
                            plain.Add(waiter);
                            break;
                        case 2 when plain.Count > 0:
                            TestWaiter gone = plain[number % plain.Count];
                            wheel.Remove(gone);
                            plain.Remove(gone);
                            break;
                        default:
                            // Now and then so far that a whole turn of the wheel is skipped.
                            now += number;
                            var taken = new List<Waiter>();
                            for (Waiter? w = wheel.TakeExpired(now); w is not null; w = w.WheelNext)
                            {
                                taken.Add(w);
                            }

                            Assert.Equal(plain.Where(w => w.ExpiresAt <= now).ToHashSet<Waiter>(), taken.ToHashSet());
                            Assert.Equal(taken.Count, taken.Distinct().Count());
                            plain.RemoveAll(w => w.ExpiresAt <= now);
                            taken.ForEach(w => w.WheelNext = null);
                            break;
                    }
                }
            },
            iter: Effort.Of(2000));

    [Fact]
    public void Add_WithAClockReadBeforeTheLastSweep_IsFoundByTheNext()
    {
        var wheel = new TimingWheel(Second, 10_000);
        Assert.Null(wheel.TakeExpired(20_000));
        var late = new TestWaiter();
        late.Begin(Asking(5), default, 1, 19_000);

        wheel.Add(late);

        Assert.Same(late, wheel.TakeExpired(20_001));
    }

    [Fact]
    public void Add_WithoutAnyEnd_IsNeverTaken()
    {
        var wheel = new TimingWheel(Second, 0);
        var forever = new TestWaiter();
        forever.Begin(Asking(long.MaxValue), default, 1, 10);

        wheel.Add(forever);

        Assert.True(wheel.IsEmpty);
        Assert.Null(wheel.TakeExpired(1_000_000));
        wheel.Remove(forever);
        Assert.True(wheel.IsEmpty);
    }

    [Fact]
    public void TakeExpired_ATickLater_FindsWhoseTimeIsOverOnlyNow()
    {
        var wheel = new TimingWheel(Second, 0);
        var waiter = new TestWaiter();
        waiter.Begin(Asking(Second), default, 1, 0);
        wheel.Add(waiter);

        Assert.Null(wheel.TakeExpired(Second - 1));
        Assert.Same(waiter, wheel.TakeExpired(Second));
    }

    [Fact]
    public void IsEmpty_OnceAllAreRemovedOrTaken()
    {
        var wheel = new TimingWheel(Second, 0);
        Assert.True(wheel.IsEmpty);
        TestWaiter[] waiters = [new(), new()];
        foreach (TestWaiter waiter in waiters)
        {
            waiter.Begin(Asking(5), default, 1, 10);
            wheel.Add(waiter);
        }

        wheel.Remove(waiters[0]);
        wheel.Remove(waiters[0]);
        Assert.False(wheel.IsEmpty);
        Assert.Same(waiters[1], wheel.TakeExpired(20));
        Assert.True(wheel.IsEmpty);
    }

    private static Arrival Asking(long maxWait) =>
        new() { Priority = Priority.Normal, Overflow = Overflow.Shed, Cost = 1, MaxWait = maxWait };
}
