using Backpressure.Simulation.Running;
using Xunit;

namespace Backpressure.Simulation.Tests.Running;

public class LatencyHistogramTests
{
    [Fact]
    public void Quantile_OfAThousandLatencies_IsWithinABucket()
    {
        LatencyHistogram histogram = new();
        for (int ms = 1; ms <= 1000; ms++)
        {
            histogram.Add(ms / 1000.0);
        }

        Assert.Equal(0.5, histogram.Quantile(0.5), 0.5 * 0.008);
        Assert.Equal(0.99, histogram.Quantile(0.99), 0.99 * 0.008);
        Assert.Equal(1000, histogram.Count);
    }

    [Fact]
    public void Quantile_OfNothing_IsZero() => Assert.Equal(0, new LatencyHistogram().Quantile(0.99));
}
