using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

/// <summary>Dips in which capacity goes or comes back: of them nothing is to be learnt.</summary>
public sealed class AdaptiveLawDipTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 1, Max = 1000 };
    private static readonly Elasticity _dear = new(1, 0.95, 0.0025);

    // Of 22 in flight that did the work of 20, and every dip so far has cost in proportion.
    private static AdaptiveState Dipping => AdaptiveLaw.Start(_settings).State with
    {
        Phase = AdaptivePhase.Dip,
        Limit = 22,
        InForce = 18,
        Verified = true,
        DipsTaken = 5,
        Dips = _dear,
        Usual = new OperatingPoint(22, 20, 0.1),
    };

    [Fact]
    public void Dip_ThatCostsInProportion_SeeksRoom()
    {
        (AdaptiveState state, LimitDecision decision) = Step(TestWindow.Of(18, 1.1, 18, noise: 0.1));

        Assert.Equal((LimitReason.SlowStart, BaselineMove.Follow), (decision.Reason, decision.Baselines.Move));
        Assert.Equal(22 * 1.3, state.Limit, 9);
    }

    // Nine times as much as in proportion: most of it is gone. What is left is looked at as any other window.
    [Fact]
    public void Dip_InWhichCapacityGoes_IsNoDip()
    {
        (AdaptiveState state, LimitDecision decision) = Step(TestWindow.Of(18, 6, 18, noise: 0.1, latencyStretch: 1.1));

        Assert.Equal((LimitReason.Hold, BaselineMove.Hold), (decision.Reason, decision.Baselines.Move));
        Assert.Equal((AdaptivePhase.Follow, 1, 22), (state.Phase, state.Unsteady, state.Limit));
        Assert.Equal(_dear, state.Dips);
    }

    // Here latencies show it already, and a test begins at once.
    [Fact]
    public void Dip_InWhichCapacityHasGone_IsTested()
        => Assert.Equal(LimitReason.Test, Step(TestWindow.Of(18, 6, 18, noise: 0.1)).Decision.Reason);

    [Fact]
    public void Dip_InWhichCapacityComesBack_IsNoDip()
    {
        AdaptiveState state = Dipping with { Limit = 10, InForce = 8, Usual = new OperatingPoint(10, 9, 0.1) };
        (AdaptiveState after, LimitDecision decision) = AdaptiveLaw.Step(state, TestWindow.Of(8, 0.4, 8, noise: 0.1), _settings);

        Assert.Equal(_dear, after.Dips);
        Assert.Equal(BaselineMove.Hold, decision.Baselines.Move);
        Assert.True(after.Limit > 10);
    }

    // 1.1 × (1 + 0.1): with fewer at once nothing takes longer than that, unless capacity is just going.
    [Theory]
    [InlineData(1.2, nameof(LimitReason.SlowStart))]
    [InlineData(1.22, nameof(LimitReason.Follow))]
    public void Dip_InWhichAllTakesLonger_SeeksNoRoom(double stretch, string reason)
    {
        (AdaptiveState state, LimitDecision decision) = Step(TestWindow.Of(18, stretch, 18, noise: 0.1));

        // A dip it is all the same, perhaps an unlucky one: to learn from the others only would be to choose the lucky ones.
        Assert.Equal((reason, BaselineMove.Follow), (decision.Reason.ToString(), decision.Baselines.Move));
        Assert.NotEqual(_dear, state.Dips);
    }

    private static (AdaptiveState State, LimitDecision Decision) Step(in WindowSummary window) => AdaptiveLaw.Step(Dipping, window, _settings);
}
