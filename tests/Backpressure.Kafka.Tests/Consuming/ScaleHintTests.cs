using Backpressure.Kafka.Consuming;

namespace Backpressure.Kafka.Tests.Consuming;

public sealed class ScaleHintTests
{
    [Theory]
    [InlineData(100, 1.0, 0, 3, 12, 4)]       // Busy all the time, and keeps up: as many as there are.
    [InlineData(100, 0.25, 0, 3, 12, 1)]      // A quarter busy: one would do.
    [InlineData(100, 1.0, 6000, 3, 12, 8)]    // 100 a second behind for a minute: twice as many.
    [InlineData(100, 1.0, 1000000, 3, 12, 12)] // Never more than partitions.
    [InlineData(100, 0.5, 0, 3, 12, 2)]
    public void Wanted_IsWhatComesInAndIsBehind_ByWhatAConsumerCanDo(int rate, double busy, long behind, int own, int all, int wanted)
    {
        var hint = new ScaleHint(TimeSpan.FromMinutes(1));

        Assert.Null(hint.Observe(0, 0, 0, 0, behind, own, all));

        Assert.Equal(wanted, hint.Observe(10, rate * 10, rate * 10, busy * 10, behind, own, all));
    }

    [Fact]
    public void NothingToDo_WantsOne_AndStandingStillWantsAll()
    {
        var hint = new ScaleHint(TimeSpan.FromMinutes(1));
        hint.Observe(0, 0, 0, 0, 0, 1, 4);
        Assert.Equal(1, hint.Observe(10, 0, 0, 0, 0, 1, 4));

        hint.Reset();
        Assert.Null(hint.Observe(20, 0, 0, 0, 100, 1, 4));
        Assert.Equal(4, hint.Observe(30, 100, 0, 10, 100, 1, 4));
    }

    [Fact]
    public void WithoutPartitions_NothingIsKnown()
    {
        var hint = new ScaleHint(TimeSpan.FromMinutes(1));
        hint.Observe(0, 0, 0, 0, 0, 1, 4);

        Assert.Null(hint.Observe(10, 100, 100, 1, 0, 0, 4));
    }
}
