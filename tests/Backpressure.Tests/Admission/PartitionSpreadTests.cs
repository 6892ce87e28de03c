using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

/// <summary>What the hands and the cohorts of many come to.</summary>
public sealed class PartitionSpreadTests
{
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

    [Fact]
    public void CohortOf_ManyUsers_FillsAllCohortsAlike()
    {
        int[] counts = new int[PartitionHash.Cohorts];
        for (int i = 0; i < 128_000; i++)
        {
            counts[PartitionHash.CohortOf(PartitionHash.Of($"user-{i}"), new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero))]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 830, 1170));
    }
}
