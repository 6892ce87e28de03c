using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

/// <summary>Of forty units thirty are held all the time: moving the limit moves only what the other ten have.</summary>
public sealed class AdaptiveLawLongHeldTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 1, Max = 1000 };

    private static AdaptiveState Following => AdaptiveLaw.Start(_settings).State with
    {
        Phase = AdaptivePhase.Follow,
        Limit = 40,
        InForce = 40,
        Peak = 40,
        Verified = true,
        DipsTaken = 5,
    };

    [Theory]
    [InlineData(0, 32.66)] // 40 × (1.09 / 1.635)^0.5
    [InlineData(30, 38.17)] // 30 + 10 × the same
    public void Follow_MovesTheRest(double longHeld, double expected)
    {
        WindowSummary window = TestWindow.Of(40, 1.59, 40, latencyStretch: 1.681, noise: 0.01) with { LongHeld = longHeld, LongHeldNoted = longHeld };
        Assert.Equal(expected, AdaptiveLaw.Step(Following, window, _settings).State.Limit, 2);
    }

    [Theory]
    [InlineData(0, 33)] // 40 × .83
    [InlineData(10, 33)] // Half of thirty would be 25.
    [InlineData(30, 35)] // Half of ten is left to them.
    public void Dip_LeavesHalfOfTheRest(double longHeld, int expected)
    {
        WindowSummary window = TestWindow.Of(40, 1.09, 40) with { LongHeld = longHeld, LongHeldNoted = longHeld };
        (AdaptiveState state, LimitDecision decision) = AdaptiveLaw.Step(Following with { SinceDip = 10 }, window, _settings);

        Assert.Equal((LimitReason.Dip, AdaptivePhase.Dip), (decision.Reason, state.Phase));
        Assert.Equal((expected, 40), (decision.Limit, decision.Nominal));
    }

    [Theory]
    [InlineData(0, 22)] // 40 × .55
    [InlineData(30, 35)]
    public void Cut_LeavesHalfOfTheRest(double longHeld, int expected)
    {
        WindowSummary window = TestWindow.Of(40, 3, 40, noise: 0.05) with { LongHeld = longHeld, LongHeldNoted = longHeld };
        LimitDecision decision = AdaptiveLaw.Step(Following, window, _settings).Decision;

        Assert.Equal((LimitReason.Test, expected), (decision.Reason, decision.Limit));
    }

    // Still stretched by far too little for so many: it goes deeper, and again leaves them half.
    [Theory]
    [InlineData(0, 12)] // 22 × .55
    [InlineData(14, 18)]
    public void DeeperCut_LeavesHalfOfTheRest(double longHeld, int expected)
    {
        AdaptiveState tested = Following with { Phase = AdaptivePhase.Test, Before = new OperatingPoint(40, 36, 0.02), InForce = 22 };
        WindowSummary window = TestWindow.Of(22, 0.6, 22, noise: 0.02) with { LongHeld = longHeld, LongHeldNoted = longHeld };
        LimitDecision decision = AdaptiveLaw.Step(tested, window, _settings).Decision;

        Assert.Equal((LimitReason.Test, expected), (decision.Reason, decision.Limit));
    }

    [Theory]
    [InlineData(0, 46)] // 40 × 1.15
    [InlineData(30, 41.5)] // 30 + 10 × 1.15
    public void SlowStart_GrowsTheRest(double longHeld, double expected)
    {
        WindowSummary window = TestWindow.Of(40, 1, 40) with { LongHeld = longHeld, LongHeldNoted = longHeld };
        AdaptiveState state = AdaptiveLaw.Step(Following with { Phase = AdaptivePhase.SlowStart }, window, _settings).State;
        Assert.Equal(expected, state.Limit, 9);
    }

    // All that so small a limit lets in may be held, and as long as it is nothing comes back to learn from.
    [Theory]
    [InlineData(1, 2)]
    [InlineData(10, 20)]
    [InlineData(11, 11)]
    public void SlowStart_WhereNothingComesBack_DoublesUpToWhatIsBelieved(int limit, int expected)
    {
        AdaptiveState state = AdaptiveLaw.Start(_settings with { Initial = limit }).State;
        WindowSummary nothing = TestWindow.Of(limit, 1, limit, completions: 0);
        Assert.Equal(expected, AdaptiveLaw.Step(state, nothing, _settings).Decision.Limit);
    }

    [Theory]
    [InlineData(1, true, true, 8)] // One has come back.
    [InlineData(0, false, true, 8)] // Nobody was kept out.
    [InlineData(0, true, false, 7)] // A signal holds it lower.
    public void SlowStart_WhereItIsNotTheLimit_Holds(int completions, bool bound, bool inForce, int windowLimit)
    {
        AdaptiveState state = AdaptiveLaw.Start(_settings with { Initial = 8 }).State;
        Assert.Equal(inForce, windowLimit == state.InForce);
        WindowSummary nothing = TestWindow.Of(8, 1, windowLimit, completions: completions, bound: bound);
        LimitDecision decision = AdaptiveLaw.Step(state, nothing, _settings).Decision;
        Assert.Equal((8, LimitReason.Hold), (decision.Limit, decision.Reason));
    }

    [Fact]
    public void Verified_WhereNothingComesBack_Holds()
    {
        AdaptiveState state = AdaptiveLaw.Start(_settings with { Initial = 8 }).State with { Verified = true };
        Assert.Equal(8, AdaptiveLaw.Step(state, TestWindow.Of(8, 1, 8, completions: 0), _settings).Decision.Limit);
    }

    // Six of twenty servers are left, and twenty units are held: it would go to 18, where nobody else comes in any more.
    [Fact]
    public void Congested_LeavesRoomBesideThem()
    {
        AdaptiveState tested = Following with { Phase = AdaptivePhase.Test, Limit = 42, InForce = 31, Before = new OperatingPoint(42, 11.4, 0.02, 20) };
        WindowSummary window = TestWindow.Of(31, 1.83, 31, noise: 0.02) with { LongHeld = 20, LongHeldNoted = 20 };
        Assert.InRange(AdaptiveLaw.Step(tested, window, _settings).State.Limit, 25, 31);
        WindowSummary worse = TestWindow.Of(31, 6, 31, noise: 0.02) with { LongHeld = 28.5, LongHeldNoted = 28.5 };
        Assert.True(AdaptiveLaw.Step(tested, worse, _settings).Decision.Limit > 28.5);
    }

    [Theory]
    [InlineData(0, 36)]
    [InlineData(30, 39)]
    [InlineData(39.5, 40)] // One of them would be kept out.
    public void Dropped_LowersTheRest(double longHeld, int expected)
    {
        WindowSummary window = TestWindow.Of(40, 1, 40, dropped: 10) with { LongHeld = longHeld, LongHeldNoted = longHeld };
        LimitDecision decision = AdaptiveLaw.Step(Following, window, _settings).Decision;
        Assert.Equal((LimitReason.Dropped, expected), (decision.Reason, decision.Limit));
    }

    // Half of the rest was taken away: that has come into effect, and says something.
    [Fact]
    public void Cut_OfTheRest_IsJudged()
    {
        AdaptiveState tested = Following with { Phase = AdaptivePhase.Test, InForce = 35, Before = new OperatingPoint(40, 40 / 2.0, 0.02, 30) };
        WindowSummary window = TestWindow.Of(35, 1, 35, noise: 0.02) with { LongHeld = 30, LongHeldNoted = 30 };
        Assert.NotEqual(LimitReason.Hold, AdaptiveLaw.Step(tested, window, _settings).Decision.Reason);
    }

    // Without long held ones, after a look upwards: below what was looked at before there is nothing to compare with, but it goes there.
    [Fact]
    public void Congested_AfterALookUpwards_GoesBelowWhereItBegan()
    {
        AdaptiveState tested = Following with { Phase = AdaptivePhase.Test, Limit = 7, InForce = 13, LookedUp = true, Before = new OperatingPoint(7, 2, 0.05) };
        LimitDecision decision = AdaptiveLaw.Step(tested, TestWindow.Of(13, 6.5, 13, noise: 0.05), _settings).Decision;
        Assert.Equal(4, decision.Limit);
    }

    // 30 of 40 stay: with a noise of .13 a cut to 35 could show anything.
    [Fact]
    public void Cut_OfSoSmallAPart_SaysNothing()
    {
        AdaptiveState tested = Following with { Phase = AdaptivePhase.Test, InForce = 35, Before = new OperatingPoint(40, 20, 0.13, 30) };
        LimitDecision decision = AdaptiveLaw.Step(tested, TestWindow.Of(35, 1.75, 35, noise: 0.11) with { LongHeld = 30, LongHeldNoted = 30 }, _settings).Decision;
        Assert.Equal(LimitReason.Hold, decision.Reason);
    }

    // Nothing is left to dip into: one that is not let go lower would teach it what is congested.
    [Fact]
    public void Dip_ThatWouldLeaveNoRoom_IsNone()
    {
        AdaptiveState small = Following with { Limit = 4, InForce = 4, SinceDip = 10 };
        Assert.Equal(LimitReason.Follow, AdaptiveLaw.Step(small, TestWindow.Of(4, 1.09, 4) with { LongHeld = 3, LongHeldNoted = 3 }, _settings).Decision.Reason);
        Assert.Equal(LimitReason.Dip, AdaptiveLaw.Step(small, TestWindow.Of(4, 1.09, 4), _settings).Decision.Reason);
    }

    // Of 13 units 12 are: three quarters count as such, and the limit goes by what seems slow, but no lower than leaves one.
    [Fact]
    public void Follow_WhereNearlyAllAreLongHeld_LeavesRoomForOneMore()
    {
        AdaptiveState state = Following with { Limit = 13, InForce = 13, Rest = 5 };
        WindowSummary window = TestWindow.Of(13, 3, 13, noise: 0.02) with { LongHeld = 9.75, LongHeldNoted = 12 };
        Assert.Equal(13, AdaptiveLaw.Step(state, window, _settings).Decision.Limit);
    }

    // Three of four stay: there is nothing to cut, so it looks upwards.
    [Fact]
    public void Test_AtTheFloor_GoesUp()
    {
        AdaptiveState state = Following with { Limit = 4, InForce = 4 };
        WindowSummary window = TestWindow.Of(4, 3, 4, noise: 0.05) with { LongHeld = 3, LongHeldNoted = 3 };
        (state, LimitDecision decision) = AdaptiveLaw.Step(state, window, _settings);
        Assert.Equal((LimitReason.Test, 7, true), (decision.Reason, decision.Limit, state.LookedUp));
    }

    [Fact]
    public void Floor_StaysBelowTheMaximum()
    {
        LimitSettings lower = _settings with { Max = 20 };
        WindowSummary window = TestWindow.Of(90, 1.09, 100) with { LongHeld = 60, LongHeldNoted = 60 };
        Assert.Equal(20, AdaptiveLaw.Step(Following with { Limit = 20, InForce = 20 }, window, lower).Decision.Limit);
    }

    // With a third of them nothing is left but what is long held: the cut is downwards all the same.
    [Fact]
    public void Test_OfTheRest_GoesDown()
    {
        AdaptiveState state = Following with { Demand = new Demand().With(TestWindow.Of(40, 1, 40, completions: 500)) };
        WindowSummary window = TestWindow.Of(40, 3, 40, noise: 0.05, completions: 100) with { LongHeld = 30, LongHeldNoted = 30 };
        (state, LimitDecision decision) = AdaptiveLaw.Step(state, window, _settings);
        Assert.Equal((LimitReason.Test, 35, false), (decision.Reason, decision.Limit, state.LookedUp));
    }

    // 20 downloads end: all together do half as much, and the rest as much as before.
    [Fact]
    public void Lookout_WhereLongHeldOnesHaveEnded_LooksForNothing()
    {
        AdaptiveState state = Following with { Limit = 20, InForce = 20, SinceLook = 10, Drift = new Drift(0, 1), Work = 40, MostWork = 40, RestWork = 20, MostRestWork = 20 };
        WindowSummary window = TestWindow.Of(20, 1.0, 20, noise: 0.05, seconds: 3);
        Assert.Equal(LimitReason.Follow, AdaptiveLaw.Step(state, window, _settings).Decision.Reason);
        Assert.Equal(LimitReason.Look, AdaptiveLaw.Step(state with { RestWork = 40, MostRestWork = 40 }, window, _settings).Decision.Reason);
    }

    [Fact]
    public void Lookout_LooksWithTheRest()
    {
        AdaptiveState state = Following with { SinceLook = 10, Drift = new Drift(0, 1), Work = 80, MostWork = 80, RestWork = 40, MostRestWork = 40 };
        WindowSummary window = TestWindow.Of(40, 1.0, 40, noise: 0.05, seconds: 3) with { LongHeld = 20, LongHeldNoted = 20 };
        LimitDecision decision = AdaptiveLaw.Step(state, window, _settings).Decision;
        Assert.Equal(LimitReason.Look, decision.Reason);
        Assert.InRange(decision.Limit, 48, 49); // 20 + 1.4 × 20, and a little that following adds.
    }
}
