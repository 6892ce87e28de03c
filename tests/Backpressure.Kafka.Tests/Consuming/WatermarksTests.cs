using Backpressure.Kafka.Consuming;

namespace Backpressure.Kafka.Tests.Consuming;

public sealed class WatermarksTests
{
    private static readonly Watermarks Marks = new(High: 10, Low: 4, HighBytes: 1000, LowBytes: 300);

    [Theory]
    [InlineData(false, 9, 999, false)]
    [InlineData(false, 10, 0, true)]
    [InlineData(false, 1, 1000, true)]
    [InlineData(true, 5, 0, true)]
    [InlineData(true, 4, 300, false)]
    [InlineData(true, 4, 301, true)]
    [InlineData(true, 0, 0, false)]
    public void Pause_BeginsAtTheHighMarkOfEither_AndEndsAtTheLowMarksOfBoth(bool paused, int messages, long bytes, bool pause) =>
        Assert.Equal(pause, Marks.Pause(paused, messages, bytes));

    [Fact]
    public void LowMarks_AreHalfOfTheHighOnes_UnlessTheyAreSaid()
    {
        Assert.Equal(new Watermarks(1, 0, 8 * 1024 * 1024, 4 * 1024 * 1024), Watermarks.Of(new KafkaConsumerOptions { HighWatermark = 1 }));
        Assert.Equal(new Watermarks(64, 60, 2048, 0), Watermarks.Of(new KafkaConsumerOptions { LowWatermark = 60, HighWatermarkBytes = 2048, LowWatermarkBytes = 0 }));
    }
}
