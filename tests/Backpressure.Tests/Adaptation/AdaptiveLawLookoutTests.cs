using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

/// <summary>Looks above the limit for capacity that has been lost and may have come back.</summary>
public sealed class AdaptiveLawLookoutTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 1, Max = 1000 };

    // The work of 20 servers with 20 at once: nothing queues in the downstream.
    private static readonly WindowSummary _calm = TestWindow.Of(20, 1, 20);

    [Fact]
    public void MuchLessIsDoneThanOfLate_OneWindowRunsHigher()
    {
        (AdaptiveState state, LimitDecision decision) = Step(Lost, _calm);

        // Nothing but who runs: the queue is as long as it was.
        Assert.Equal(new LimitDecision(28, 20, LimitReason.Look), decision);
        Assert.Equal((AdaptivePhase.Lookout, 0), (state.Phase, state.SinceLook));
        Assert.Equal(28, state.InForce);
    }

    // In this second the most falls by 2^(1/60) = 1.0116; 20 are .65 of 30.77.
    [Theory]
    [InlineData(31.2, nameof(LimitReason.Look))]
    [InlineData(31.05, nameof(LimitReason.Follow))]
    public void ThirtyFivePercentLess_IsMuchLess(double most, string reason)
        => Assert.Equal(reason, ReasonOf(Step(Lost with { MostWork = most, MostRestWork = most }, _calm)));

    [Fact]
    public void Work_IsSmoothedByTimeAndItsMostHalvesInAMinute()
    {
        AdaptiveState first = Step(Start, TestWindow.Of(20, 1, 20, seconds: 100)).State;
        Assert.Equal((20, 20), (first.Work, first.MostWork));

        // As much in eight windows as in one that is eight times as long.
        AdaptiveState less = first;
        for (int i = 0; i < 8; i++)
        {
            less = AdaptiveLaw.Step(less with { Phase = AdaptivePhase.Follow }, TestWindow.Of(10, 1, 20, seconds: 0.1), _settings).State;
        }

        Assert.Equal(10 + (10 / Math.E), less.Work, 9);
        Assert.Equal(20 / Math.Pow(2, 0.8 / 60), less.MostWork, 9);
        Assert.Equal(10, Step(first, TestWindow.Of(10, 1, 20, seconds: 60)).State.MostWork, 9);

        // A window of no time at all says nothing.
        Assert.Equal((20, 20), Works(Step(first, TestWindow.Of(20, 1, 20) with { Seconds = 0 }).State));
    }

    [Fact]
    public void OtherRequestsThatTakeLonger_AreNoLoss()
    {
        AdaptiveState state = Lost with { Work = 40, MostWork = 40, RestWork = 40, MostRestWork = 40 };
        Assert.Equal(LimitReason.Follow, Step(state with { Limit = 40, InForce = 40 }, TestWindow.Of(40, 1, 40, completions: 5)).Decision.Reason);
    }

    [Fact]
    public void WindowsThatDoNotBind_CountAsDoneToo_ButNotAsWhatCanBeDone()
    {
        AdaptiveState quiet = Step(Lost, TestWindow.Of(2, 1, 20, bound: false)).State;
        Assert.Equal((7.16, 39.54, 0), (Math.Round(quiet.Work, 2), Math.Round(quiet.MostWork, 2), quiet.SinceLook));

        // The load is back: all of it is done at once.
        AdaptiveState back = Step(quiet with { Rest = 0 }, TestWindow.Of(39, 1, 20)).State;
        Assert.Equal(39, back.Work, 9);
    }

    [Fact]
    public void WhoIsDroppedInALook_IsNotTheLimitsDoing_AndTheNextComesLater()
    {
        (AdaptiveState state, LimitDecision decision) = Step(Looking(out double limit), TestWindow.Of(28, 1, 28, dropped: 5));
        Assert.Equal(new LimitDecision(20, 20, LimitReason.Hold) { Pace = WindowPace.Heard }, decision);
        Assert.Equal((AdaptivePhase.Follow, limit, -10), (state.Phase, state.Limit, state.SinceLook));

        Assert.Equal((18, -10), (Step(Lost, TestWindow.Of(20, 1, 20, dropped: 5)).Decision.Limit, Step(Lost, TestWindow.Of(20, 1, 20, dropped: 5)).State.SinceLook));
    }

    [Theory]
    [InlineData(2, nameof(LimitReason.Look))]
    [InlineData(1, nameof(LimitReason.Follow))]
    [InlineData(-10, nameof(LimitReason.Follow))]
    public void Looks_AreThreeWindowsApart(int since, string reason)
    {
        (AdaptiveState state, LimitDecision decision) = Step(Lost with { SinceLook = since }, _calm);
        Assert.Equal(reason, decision.Reason.ToString());
        Assert.Equal(reason == nameof(LimitReason.Look) ? 0 : since + 1, state.SinceLook);
    }

    // 1.09 − half a standard error of .075 is 1.05: above that nothing says that there may be room.
    [Theory]
    [InlineData(1.04, nameof(LimitReason.Look))]
    [InlineData(1.06, nameof(LimitReason.Follow))]
    public void StretchAtItsTarget_IsNoReasonToLook(double stretch, string reason)
        => Assert.Equal(reason, ReasonOf(Step(Lost, TestWindow.Of(20, stretch, 20))));

    [Theory]
    [InlineData(0.149, nameof(LimitReason.Look))]
    [InlineData(0.15, nameof(LimitReason.Follow))]
    public void WindowTooNoisyToTell_IsNoReasonToLook(double noise, string reason)
        => Assert.Equal(reason, ReasonOf(Step(Lost, TestWindow.Of(20, 0.95, 20, noise: noise))));

    [Fact]
    public void JustAfterATest_DoesNotLook()
    {
        Assert.Equal(LimitReason.Follow, Step(Lost with { Rest = 2 }, _calm).Decision.Reason);
        Assert.Equal(LimitReason.Look, Step(Lost with { Rest = 1 }, _calm).Decision.Reason);

        AdaptiveState tested = Step(Lost, TestWindow.Of(20, 3, 20)).State;
        Assert.Equal((AdaptivePhase.Test, -10), (tested.Phase, tested.SinceLook));
    }

    [Fact]
    public void JumpOfTheStretch_BeginsTheCountAnew()
    {
        WindowSummary jump = TestWindow.Of(20, 1.4, 20);
        Assert.Equal(0, Step(Lost with { SinceLook = 5 }, jump).State.SinceLook);
        Assert.Equal(-4, Step(Lost with { SinceLook = -5 }, jump).State.SinceLook);

        // Quickly upwards is what a look is for.
        Assert.Equal(LimitReason.Look, Step(Lost, TestWindow.Of(20, 0.85, 20)).Decision.Reason);
    }

    [Fact]
    public void LookAboveALimitOfOne_IsAtLeastOneMore()
    {
        AdaptiveState one = Lost with { Limit = 1, InForce = 1, Usual = new(1, 1, 0.05), Work = 1, MostWork = 2, RestWork = 1, MostRestWork = 2 };
        Assert.Equal(new LimitDecision(2, 1, LimitReason.Look), Step(one, TestWindow.Of(1, 1, 1)).Decision);
    }

    [Fact]
    public void AsALook_RunsNoHigherThanTheMost()
        => Assert.Equal((25, 20), LimitAndNominal(AdaptiveLaw.Step(Lost, _calm, _settings with { Max = 25 }).Decision));

    [Theory]
    [InlineData(25, nameof(LimitReason.Look))]
    [InlineData(24, nameof(LimitReason.Follow))] // 1.2 × 20.26 = 24.3.
    public void MaximumThatLeavesNothingToSee_IsNoReasonToLook(int most, string reason)
        => Assert.Equal(reason, ReasonOf(AdaptiveLaw.Step(Lost, _calm, _settings with { Max = most })));

    [Fact]
    public void BaselinesAreLearntFromTheWindowBeforeALook()
    {
        AdaptiveState fallen = Lost with { Top = new(30, 30, 0.05) };
        LimitDecision decision = Step(fallen, TestWindow.Of(20, 1, 20, canQueue: false)).Decision;
        Assert.Equal((LimitReason.Look, BaselineChange.Follow), (decision.Reason, decision.Baselines));
    }

    [Fact]
    public void WorkGrowsWithTheLook_SlowStartGoesOnFromThere()
    {
        AdaptiveState looking = Looking(out _);
        (AdaptiveState state, LimitDecision decision) = Step(looking, TestWindow.Of(28, 1, 28));

        Assert.Equal(new LimitDecision(28, 28, LimitReason.SlowStart) { Pace = WindowPace.Hasty }, decision);
        Assert.Equal((AdaptivePhase.SlowStart, default, default, default), (state.Phase, state.Usual, state.Dips, state.Drift));
        Assert.Equal(41, Step(state, TestWindow.Of(28, 1, 28)).Decision.Limit); // As after two good windows: 1.45.
    }

    [Fact]
    public void LookThatWasNotReached_LeavesTheLimitWhereItWas()
    {
        AdaptiveState looking = Looking(out double limit) with { Limit = 24 };
        (AdaptiveState state, LimitDecision decision) = Step(looking, TestWindow.Of(23, 1, 28));
        Assert.Equal((24, AdaptivePhase.SlowStart), (decision.Limit, state.Phase));
        Assert.InRange(limit, 20, 20.5);
    }

    // From 20 to 28 the elasticity has a standard error of √(.05² + .075²) ÷ ln 1.4 = .27.
    [Theory]
    [InlineData(0.53, nameof(AdaptivePhase.SlowStart))]
    [InlineData(0.51, nameof(AdaptivePhase.Follow))]
    [InlineData(0, nameof(AdaptivePhase.Follow))]
    public void MoreThanHalfOfTheGrowth_IsRoom(double elasticity, string phase)
    {
        double work = 20 * Math.Pow(1.4, elasticity);
        (AdaptiveState state, LimitDecision decision) = Step(Looking(out double limit), TestWindow.Of(28, 28 / work, 28));

        Assert.Equal(phase, state.Phase.ToString());
        if (state.Phase == AdaptivePhase.Follow)
        {
            Assert.Equal(new LimitDecision(20, 20, LimitReason.Follow), decision);
            Assert.Equal(limit, state.Limit);
        }
    }

    // Usual: 20 at once. 22 are 1.1 times as many.
    [Theory]
    [InlineData(22.1, nameof(AdaptivePhase.SlowStart))]
    [InlineData(22, nameof(AdaptivePhase.Follow))]
    public void HardlyMoreThanUsual_SaysNothing(double inFlight, string phase)
        => Assert.Equal(phase, Step(Looking(out _), TestWindow.Of(inFlight, 1, 28, noise: 0.02)).State.Phase.ToString());

    // Half of what was done a minute ago, two windows after the last look.
    private static AdaptiveState Lost => Start with { Work = 20, MostWork = 40, RestWork = 20, MostRestWork = 40, SinceLook = 2 };

    private static AdaptiveState Start => AdaptiveLaw.Start(_settings).State with
    {
        Phase = AdaptivePhase.Follow,
        Limit = 20,
        InForce = 20,
        Verified = true,
        Peak = 100,
        Usual = new OperatingPoint(20, 20, 0.05),
    };

    private static AdaptiveState Looking(out double limit)
    {
        AdaptiveState state = Step(Lost, _calm).State;
        limit = state.Limit;
        return state;
    }

    private static string ReasonOf((AdaptiveState State, LimitDecision Decision) step) => step.Decision.Reason.ToString();

    private static (double Work, double Most) Works(AdaptiveState state) => (state.Work, state.MostWork);

    private static (int Limit, int Nominal) LimitAndNominal(LimitDecision decision) => (decision.Limit, decision.Nominal);

    private static (AdaptiveState State, LimitDecision Decision) Step(AdaptiveState state, WindowSummary window)
        => AdaptiveLaw.Step(state, window, _settings);
}
