using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Xunit;

namespace Backpressure.Tests.Downstreams;

public sealed class PressureTests
{
    [Theory]
    [InlineData(0, 28, 20, 28, 20)] // A look above the limit,
    [InlineData(0.5, 28, 20, 11, 11)] // which is not for a time when a signal asks for less.
    [InlineData(0.5, 17, 20, 10, 11)] // A dip below it.
    [InlineData(1, 28, 20, 2, 2)]
    [InlineData(0.01, 28, 20, 20, 20)]
    public void Lower_ADecision_IsOfWhatIsLeftOfItsNominalLimit(double level, int limit, int nominal, int lowered, int loweredNominal)
        => Assert.Equal(
            (lowered, loweredNominal),
            new Pressure(level, "a signal").Lower(new LimitDecision(limit, nominal, LimitReason.Look), floor: 2));

    [Theory]
    [InlineData(nameof(LimitAlgorithm.Fixed), 1)]
    [InlineData(nameof(LimitAlgorithm.Adaptive), 4)]
    public void Floor_OfAFixedLimit_IsOne(string algorithm, int floor)
        => Assert.Equal(floor, Pressure.FloorOf(new LimitSettings { Algorithm = Enum.Parse<LimitAlgorithm>(algorithm), Initial = 20, Min = 4, Max = 1000 }));
}
