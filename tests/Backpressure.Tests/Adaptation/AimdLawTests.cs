using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class AimdLawTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Aimd, Initial = 20, Min = 4, Max = 22 };

    [Theory]
    [InlineData(20, true, 0, 21, nameof(LimitReason.Increase))]
    [InlineData(22, true, 0, 22, nameof(LimitReason.Increase))]
    [InlineData(20, false, 0, 20, nameof(LimitReason.NotBound))]
    [InlineData(20, true, 1, 18, nameof(LimitReason.Dropped))]
    [InlineData(20, false, 90, 18, nameof(LimitReason.Dropped))]
    [InlineData(4, true, 1, 4, nameof(LimitReason.Dropped))]
    public void Step_Window_MovesTheLimit(int limit, bool bound, int dropped, int expected, string reason)
        => Assert.Equal(
            new LimitDecision(expected, expected, Enum.Parse<LimitReason>(reason)),
            AimdLaw.Step(limit, TestWindow.Of(limit, 3, limit, bound, dropped: dropped), _settings));

    [Fact]
    public void Step_ShadowGateThatRefused_Holds()
        => Assert.Equal(20, AimdLaw.Step(20, TestWindow.Of(30, 1, 20, shadow: true, dropped: 3), _settings).Limit);

    [Fact]
    public void Step_ShadowGateThatWouldHaveRefusedNobody_Moves()
        => Assert.Equal(18, AimdLaw.Step(20, TestWindow.Of(20, 1, 20, bound: false, shadow: true, dropped: 3), _settings).Limit);

    [Fact]
    public void Step_GateHeldLowerBySignal_Holds()
        => Assert.Equal(LimitReason.Hold, AimdLaw.Step(20, TestWindow.Of(10, 1, 10), _settings).Reason);

    [Fact]
    public void Reconfigure_NewBounds_ClampsWhatWasLearnt()
    {
        AimdLaw law = new(_settings);
        WindowSummary window = TestWindow.Of(20, 1, 20);
        law.Step(window);
        Assert.Equal(21, law.Reconfigure(_settings with { Max = 100 }).Limit);
        Assert.Equal(10, law.Reconfigure(_settings with { Initial = 5, Max = 10 }).Limit);
    }

    [Fact]
    public void Fixed_AnyWindow_NeverMoves()
    {
        FixedLaw law = new(_settings with { Algorithm = LimitAlgorithm.Fixed, Initial = 9 });
        Assert.Equal(9, law.Step(TestWindow.Of(9, 5, 9, dropped: 9)).Limit);
        Assert.Equal(12, law.Reconfigure(_settings with { Algorithm = LimitAlgorithm.Fixed, Initial = 12 }).Limit);
    }
}
