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
        for (ulong partition = 1; partition <= (ulong)Effort.Of(10_000); partition++)
        {
            int[] hand = LaneModel.HandOf(partition);
            Assert.Equal(4, hand.Distinct().Count());
            Assert.All(hand, queue => Assert.InRange(queue, 1, 255));
            Assert.Equal(hand, LaneModel.HandOf(partition));
        }
    }

    [Fact]
    public void Count_OfNobodysHand_IsItsOneQueue()
    {
        Assert.Equal((true, 1), (default(PartitionHand).IsNobodys, default(PartitionHand).Count));
        Assert.Equal((false, 4), (PartitionHand.Of(7).IsNobodys, PartitionHand.Of(7).Count));
    }

    [Theory]
    [InlineData(1, 0xA4F9B2B4)]
    [InlineData(2, 0x268EC61C)]
    [InlineData(16328099168063827017, 0xB52E2224)]
    [InlineData(27, 0xE99D6F5C)]
    [InlineData(ulong.MaxValue, 0x138A71E6)]
    public void Of_APartition_IsTheSameInEveryVersion(ulong partition, uint expected)
    {
        // Written down: the queues of a heavy tenant are those that its neighbours have learnt to share with it.
        Assert.Equal(expected, PartitionHand.Of(partition).Packed);
    }
}
