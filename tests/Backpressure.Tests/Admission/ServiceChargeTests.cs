using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class ServiceChargeTests
{
    [Theory]
    [InlineData(20, 3, 60)]
    [InlineData(0, 3, 0)]
    [InlineData(-1, 3, 0)]
    public void Of_AWaiter_TakesItsTimeForEachOfItsUnits(long held, int cost, long taken)
    {
        var waiter = new TestWaiter();
        waiter.Begin(new Arrival { Priority = Priority.Low, Overflow = Overflow.Shed, Cost = cost, MaxWait = 9 }, PartitionHand.Of(7), charge: 5, now: 0);

        waiter.Decide(WaiterState.Admitted, default, now: 8);

        Assert.Equal(new ServiceCharge(Priority.Low, PartitionHand.Of(7), 5, taken, ServedAt: 8), ServiceCharge.Of(waiter, held, cost));
    }
}
