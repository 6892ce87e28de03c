using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class PartitionHandTests
{
    [Fact]
    public void Of_Nobody_IsTheQueueThatIsKeptForThem() => Assert.Equal([0], LaneModel.HandOf(0));

    [Fact]
    public void Of_AnyPartition_IsFourDifferentQueuesAndNeverNobodys()
    {
        for (ulong partition = 1; partition <= 10_000; partition++)
        {
            int[] hand = LaneModel.HandOf(partition);
            Assert.Equal(4, hand.Distinct().Count());
            Assert.All(hand, queue => Assert.InRange(queue, 1, 255));
            Assert.Equal(hand, LaneModel.HandOf(partition));
        }
    }

    [Fact]
    public void Of_ManyPartitions_UsesAllQueuesAlike()
    {
        int[] uses = new int[256];
        for (int i = 0; i < 100_000; i++)
        {
            foreach (int queue in LaneModel.HandOf(PartitionHash.Of($"tenant-{i}")))
            {
                uses[queue]++;
            }
        }

        // 400 000 cards over 255 queues: 1569 each, give or take 40.
        Assert.Equal(0, uses[0]);
        Assert.All(uses[1..], count => Assert.InRange(count, 1350, 1790));
    }

    [Fact]
    public void OneHeavyPartition_SharesAllQueuesWithAlmostNobody()
    {
        var heavy = LaneModel.HandOf(PartitionHash.Of("heavy")).ToHashSet();
        int[] shared = [.. Enumerable.Range(0, 100_000).Select(i => LaneModel.HandOf(PartitionHash.Of($"tenant-{i}")).Count(heavy.Contains))];

        // One queue a partition would have hit 392 of them.
        Assert.Equal(0, shared.Count(n => n == 4));
        Assert.InRange(shared.Count(n => n == 3), 0, 10);
    }

    [Fact]
    public void TenHeavyPartitions_LeaveAlmostEverybodyAQueueOfTheirOwn()
    {
        var heavy = Enumerable.Range(0, 10).SelectMany(i => LaneModel.HandOf(PartitionHash.Of($"heavy-{i}"))).ToHashSet();

        int shut = Enumerable.Range(0, 100_000).Count(i => LaneModel.HandOf(PartitionHash.Of($"tenant-{i}")).All(heavy.Contains));

        Assert.InRange(shut, 0, 150);
    }
}
