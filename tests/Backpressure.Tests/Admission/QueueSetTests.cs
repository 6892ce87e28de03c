using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class QueueSetTests
{
    [Fact]
    public void Next_OfAnEmptySet_IsNone()
    {
        QueueSet set = default;

        Assert.Equal((0, -1, -1), (set.Count, set.Next(0), set.Next(PartitionHand.Queues)));
    }

    [Fact]
    public void Next_FromAnywhere_IsTheFirstMemberThatIsNotBelow()
    {
        int[] members = [0, 1, 62, 63, 64, 65, 127, 128, 200, 255];
        QueueSet set = default;
        foreach (int member in members)
        {
            set.Add(member);
        }

        Assert.Equal(members.Length, set.Count);
        for (int from = 0; from <= PartitionHand.Queues; from++)
        {
            Assert.Equal(members.Where(m => m >= from).DefaultIfEmpty(-1).First(), set.Next(from));
        }
    }

    [Fact]
    public void Remove_OfOne_LeavesTheOthers()
    {
        QueueSet set = default;
        foreach (int queue in (int[])[3, 67, 68, 131])
        {
            set.Add(queue);
        }

        set.Remove(67);
        Assert.Equal((3, 3, 68, 131), (set.Count, set.Next(0), set.Next(4), set.Next(69)));
        set.Remove(3);
        set.Remove(68);
        set.Remove(131);

        Assert.Equal((0, -1), (set.Count, set.Next(0)));
    }
}
