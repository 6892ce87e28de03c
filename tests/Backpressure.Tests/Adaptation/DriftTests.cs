using Backpressure.Adaptation;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class DriftTests
{
    [Theory]
    [InlineData(0, 0, 0, 0, 0)]
    [InlineData(0, 0, 0.5, 0, 0)] // Half an error is noise.
    [InlineData(0, 0, 0.75, 0.25, 0)]
    [InlineData(0, 0, -0.5, 0, 0)]
    [InlineData(0, 0, -0.75, 0, 0.25)]
    [InlineData(1, 2, 0.75, 1.25, 0.75)] // Each sum gains what the other loses, but for the slack of both.
    [InlineData(1, 2, -0.75, 0, 2.25)]
    [InlineData(1, 2, 0, 0.5, 1.5)] // As wanted: both are forgotten by the slack.
    [InlineData(0.25, 0.25, 0, 0, 0)] // Never below nothing.
    public void With_SumsWhatExceedsHalfAnError(double above, double below, double deviation, double expectedAbove, double expectedBelow)
        => Assert.Equal(new Drift(expectedAbove, expectedBelow), new Drift(above, below).With(deviation));

    [Fact]
    public void With_TenSmallOnesToOneSide_SayWhatOneDoesNot()
    {
        Drift drift = default;
        for (int i = 0; i < 10; i++)
        {
            drift = drift.With(1);
        }

        Assert.Equal(new Drift(5, 0), drift); // Ten times 1 − 0.5.
    }
}
