using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

/// <summary>Windows that say next to nothing: of one request that took a thousand times as long, or half from before a hiccup.</summary>
public sealed class AdaptiveLawAnecdoteTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 1, Max = 1000 };

    // 20 in flight, a tenth of a second, and a minute's work: one ended that had run for a minute.
    private static readonly WindowSummary _minute = TestWindow.Of(20, 1, 20, noise: 50, seconds: 0.12) with { Work = 62.3, LatencySum = 62.3 };

    private static AdaptiveState Following => AdaptiveLaw.Start(_settings).State with
    {
        Phase = AdaptivePhase.Follow,
        Verified = true,
        DipsTaken = 5,
        Work = 20,
        MostWork = 20,
        Usual = new OperatingPoint(20, 19, 0.1),
    };

    [Fact]
    public void OneThatTookAMinute_RaisesNothing()
    {
        (AdaptiveState state, LimitDecision decision) = AdaptiveLaw.Step(Following, _minute, _settings);

        Assert.Equal((20, LimitReason.Follow), (decision.Limit, decision.Reason));
        Assert.Equal(20, state.Limit, 9);
        Assert.Equal(new OperatingPoint(20, 19, 0.1), state.Usual);
        Assert.Equal(20, state.Work);
        Assert.InRange(state.MostWork, 19.9, 20);
    }

    [Fact]
    public void JustNotUncertain_IsBelieved()
    {
        (AdaptiveState state, _) = AdaptiveLaw.Step(Following, _minute with { Noise = 0.5 }, _settings);

        Assert.Equal(30, state.Limit, 9);
        Assert.True(state.MostWork > 60);
        Assert.NotEqual(20, state.Usual.WorkRate);
    }

    [Fact]
    public void AsUncertain_ButSlower_IsFollowedDown()
        => Assert.True(AdaptiveLaw.Step(Following, TestWindow.Of(20, 3, 20, noise: 0.51), _settings).State.Limit < 18);

    // Each hiccup begins with a window that is half from before it: no test begins from there, be it the first or the second.
    [Fact]
    public void AHiccup_ExcusesOnlyTheWindowAfterIt()
    {
        WindowSummary hiccup = TestWindow.Of(20, 3, 20, latencyStretch: 1, noise: 0.05);
        AdaptiveState state = Following;
        for (int i = 0; i < 3; i++)
        {
            (state, LimitDecision decision) = AdaptiveLaw.Step(state, hiccup, _settings);
            Assert.Equal((LimitReason.Hold, 1), (decision.Reason, state.Unsteady));
            (state, decision) = AdaptiveLaw.Step(state, TestWindow.Of(20, 1.09, 20), _settings);
            Assert.Equal((LimitReason.Follow, 0), (decision.Reason, state.Unsteady));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AHiccup_ExcusesNothingAfterAWindowThatShowsNothing(bool free)
    {
        WindowSummary hiccup = TestWindow.Of(20, 3, 20, latencyStretch: 1, noise: 0.05);
        AdaptiveState state = AdaptiveLaw.Step(Following, hiccup, _settings).State;
        WindowSummary nothing = free ? TestWindow.Of(5, 1, 20, bound: false) : TestWindow.Of(20, 1, 20, completions: 2);

        Assert.Equal(0, AdaptiveLaw.Step(state, nothing, _settings).State.Unsteady);
    }

    [Fact]
    public void TwoInARow_AreATest()
    {
        WindowSummary hiccup = TestWindow.Of(20, 3, 20, latencyStretch: 1, noise: 0.05);
        AdaptiveState state = AdaptiveLaw.Step(Following, hiccup, _settings).State;
        (state, LimitDecision decision) = AdaptiveLaw.Step(state, hiccup, _settings);

        Assert.Equal((LimitReason.Test, 0), (decision.Reason, state.Unsteady));
    }
}
