using Backpressure.Admission;
using CsCheck;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class ServiceOrderTests
{
    private const int Queues = PartitionHand.Queues;

    // Few accounts, so that many are equal and the oldest waiter decides; few queues, so that neighbours meet often.
    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, 9], Gen.OneOf(Gen.Int[0, Queues - 1], Gen.Int[0, 7], Gen.Int[Queues - 8, Queues - 1]), Gen.Int[-3, 3], Gen.Bool,
        (kind, queue, paid, older) => new Step(kind, queue, paid, older));

    [Fact]
    public void First_AfterAnyChanges_IsTheLeastPaidAndOfThoseTheOneWithTheOldestWaiter() =>
        Steps.Array[1, 400].Sample(steps =>
        {
            var order = new ServiceOrder();
            var waiting = new Dictionary<int, (long Paid, long Oldest)>();
            long came = 1000;
            foreach (Step step in steps)
            {
                bool waits = waiting.ContainsKey(step.Queue);
                if (step.Kind < 5 || !waits)
                {
                    // No two queues have the same waiter: the orders of all are different.
                    waiting[step.Queue] = (step.Paid, waits && step.Older ? waiting[step.Queue].Oldest : ++came);
                    order.Set(step.Queue, waiting[step.Queue].Paid, waiting[step.Queue].Oldest);
                }
                else if (step.Kind < 8)
                {
                    waiting[step.Queue] = waiting[step.Queue] with { Paid = step.Paid };
                    order.Move(step.Queue, step.Paid);
                }
                else
                {
                    waiting.Remove(step.Queue);
                    order.Clear(step.Queue);
                }

                Assert.Equal(
                    waiting.Count == 0 ? order.First : waiting.OrderBy(q => q.Value.Paid).ThenBy(q => q.Value.Oldest).First().Key,
                    order.First);
            }
        },
        iter: Effort.Of(100));

    [Fact]
    public void Set_WithAnotherOldestOnly_IsPlayedAgain()
    {
        var order = new ServiceOrder();
        order.Set(3, paid: 5, oldest: 1);
        order.Set(9, paid: 5, oldest: 2);
        Assert.Equal(3, order.First);

        order.Set(3, paid: 5, oldest: 3);

        Assert.Equal(9, order.First);
    }

    // Whoever was first anywhere in the tree must leave no trace where it never stood.
    [Fact]
    public void First_OfAnyTwo_IsTheOtherOnceTheFirstHasPaidMore()
    {
        foreach (int second in (int[])[0, 1, 100, 200, Queues - 1])
        {
            for (int first = 0; first < Queues; first++)
            {
                var order = new ServiceOrder();
                order.Set(first, paid: 3, oldest: 1);
                order.Set(second, paid: first == second ? 3 : 5, oldest: 2);
                Assert.Equal(first, order.First);
                order.Move(first, paid: 10);
                Assert.Equal(second, order.First);
            }
        }
    }

    [Fact]
    public void First_OfAllQueues_ComesInTheOrderOfTheirAccounts()
    {
        var order = new ServiceOrder();
        long[] paid = new long[Queues];
        for (int queue = 0; queue < Queues; queue++)
        {
            // 37 has no divisor in common with 256, so each comes once.
            paid[queue] = queue * 37 % Queues;
            order.Set(queue, paid[queue], oldest: queue);
        }

        for (int served = 0; served < Queues; served++)
        {
            Assert.Equal(served, paid[order.First]);
            order.Clear(order.First);
        }
    }

    [Fact]
    public void Set_ToTheSameAgain_ChangesNothing()
    {
        var order = new ServiceOrder();
        order.Set(7, paid: 5, oldest: 1);
        order.Set(200, paid: 5, oldest: 2);

        order.Set(200, paid: 5, oldest: 2);
        Assert.Equal(7, order.First);
        order.Set(7, paid: 6, oldest: 1);
        Assert.Equal(200, order.First);
    }

    private sealed record Step(int Kind, int Queue, int Paid, bool Older);
}
