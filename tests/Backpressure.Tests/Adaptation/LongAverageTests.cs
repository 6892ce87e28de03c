using Backpressure.Adaptation;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class LongAverageTests
{
    // The values that ExpAvgMeasurementTest of Netflix concurrency-limits expects.
    [Fact]
    public void With_PublishedCase_IsAPlainMeanOfTenThenExponential()
    {
        LongAverage average = new(100);
        List<double> values = [];
        for (int i = 0; i < 10; i++)
        {
            average = average.With(10 + i);
            values.Add(Math.Round(average.Value, 9));
        }

        Assert.Equal([10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5], values);
        Assert.Equal(16.2, average.With(100).Value, 0.1);
        Assert.Equal(14.5 + ((100 - 14.5) * 2 / 101), average.With(100).Value, 9);
    }
}
