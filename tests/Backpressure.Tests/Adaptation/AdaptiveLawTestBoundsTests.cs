using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

/// <summary>A limit's test, from its beginning to its verdict, at each threshold and just beside it.</summary>
public sealed class AdaptiveLawTestBoundsTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 4, Max = 1000 };

    [Fact]
    public void Begin_LatenciesLagBehindTheStretch_WaitsAWindow()
    {
        // By powers of two, so that the stretches are exactly 2 and 1.4: 0.7 of it.
        WindowSummary window = TestWindow.Of(32, 2, 32, noise: 0.02) with { Work = 16, LatencySum = 16 * 1.4 };
        (AdaptiveState state, LimitDecision decision) = Step(Followed(32), window);
        Assert.Equal((LimitReason.Test, 0), (decision.Reason, state.Unsteady));
        (state, decision) = Step(Followed(32), window with { LatencySum = 16 * Math.BitDecrement(1.4) });
        Assert.Equal((LimitReason.Hold, 1), (decision.Reason, state.Unsteady));
    }

    // 25 at once, each for half a second: 32 a second need 16 + √16 = 20 places, which are 0.8 of them.
    [Theory]
    [InlineData(32, 20)]
    [InlineData(33, 45)] // 25 / 0.55.
    public void Begin_CutOfLessThanAFifth_LooksUpwards(int critical, int limit)
    {
        WindowSummary window = TestWindow.Of(25, 10, 25, completions: 50) with
        {
            FullByPriority = new PriorityCounts(critical, 0, 100 - critical, 0),
        };
        AdaptiveState state = Followed(25) with { Demand = default(Demand).With(window with { Completions = 100 }) };
        Assert.Equal((LimitReason.Test, limit), ReasonAndLimit(Step(state, window)));
    }

    // 2000 a second were served before: in two seconds 0.65 × 0.97 × 4000 = 2522 are much less. 850 a second need 21 places.
    [Theory]
    [InlineData(2521, 45)]
    [InlineData(2522, 21)]
    public void Begin_SoManyNeededAndMuchLessServed_LooksUpwards(int completions, int limit)
    {
        WindowSummary window = TestWindow.Of(25, 10, 25, completions: completions, seconds: 2) with
        {
            FullByPriority = new PriorityCounts(1700, 0, 2000, 0),
        };
        AdaptiveState state = Followed(25) with { Demand = default(Demand).With(window with { Completions = 4000 }) };
        Assert.Equal((LimitReason.Test, limit), ReasonAndLimit(Step(state, window)));
    }

    [Theory]
    [InlineData(11, 11)] // 0.55 × 20.
    [InlineData(12, 36)] // 20 / 0.55.
    public void Begin_CutBelowTheMinimum_LooksUpwards(int min, int limit)
    {
        (AdaptiveState state, LimitDecision decision) = AdaptiveLaw.Step(
            Followed(20), TestWindow.Of(20, 4, 20), _settings with { Min = min });
        Assert.Equal((LimitReason.Test, limit), (decision.Reason, decision.Limit));
        Assert.Equal(limit > 20, state.LookedUp);
    }

    [Fact]
    public void Begin_VerifiesTheBaselinesAndForgetsWhatItMayDisprove()
    {
        AdaptiveState before = Followed(40) with
        {
            Verified = false,
            Unsteady = 1,
            LookedUp = true,
            Top = new OperatingPoint(41, 10, 0.01),
            Dips = new Elasticity(1, 0.5, 0),
            SinceDip = 3,
            Streak = 2,
        };
        (AdaptiveState state, LimitDecision decision) = Step(before, Window(40, 10));
        Assert.Equal((22, 40), (decision.Limit, decision.Nominal));
        AdaptiveState expected = state with
        {
            Phase = AdaptivePhase.Test,
            IsFirstTest = true,
            Verified = true,
            Unsteady = 0,
            LookedUp = false,
            Before = new OperatingPoint(40, 10, 0.01),
            Top = default,
            Dips = default,
            SinceDip = 0,
            Streak = 0,
        };
        Assert.Equal(expected, state);
    }

    // 40 × e^±0.2 are 32.7 and 48.9.
    [Theory]
    [InlineData(32.7, nameof(LimitReason.Test), 0)]
    [InlineData(32.8, nameof(LimitReason.Hold), 2)]
    [InlineData(48.8, nameof(LimitReason.Hold), 2)]
    [InlineData(48.9, nameof(LimitReason.Test), 0)]
    public void Cut_ThatNeverCameIntoEffect_SaysNothing(double inFlight, string reason, int rest)
    {
        (AdaptiveState state, LimitDecision decision) = Step(Testing(40, 10), Window(inFlight, 10));
        Assert.Equal((reason, AdaptivePhase.Follow, rest), (decision.Reason.ToString(), state.Phase, state.Rest));
    }

    [Fact]
    public void Cut_UpwardsIntoCongestion_LeavesWhatWasNeededBelow()
    {
        // 40 a second, each for 0.9 s now and for 0.5 s before: 32 a second needed 16 + √16 places.
        WindowSummary window = Window(36, 10) with { Completions = 40, FullByPriority = new PriorityCounts(32, 0, 68, 0) };
        AdaptiveState state = Step(Testing(20, 10), window).State;
        Assert.Equal(20, state.Limit, 9);
    }

    [Theory]
    [InlineData(25, nameof(AdaptivePhase.SlowStart), 40)] // 40 / 25 = 1.6.
    [InlineData(24.9, nameof(AdaptivePhase.Confirm), 40)]
    public void Cut_HalfTheWorkWithHalfOfThem_IsGoodNewsWhereNothingWasStretched(double workRate, string phase, int limit)
    {
        (AdaptiveState state, LimitDecision decision) = Step(Testing(40, workRate), Window(20, workRate / 2));
        Assert.Equal((phase, LimitReason.Test, limit), (state.Phase.ToString(), decision.Reason, decision.Limit));
    }

    // Two noises of 0.1 are √2 × 0.1 / ln 2 = 0.204 of elasticity.
    [Theory]
    [InlineData(0.39, nameof(AdaptivePhase.Follow))] // 0.6 − 0.204 = 0.396.
    [InlineData(0.4, nameof(AdaptivePhase.SlowStart))]
    [InlineData(1.5, nameof(AdaptivePhase.SlowStart))]
    [InlineData(1.8, nameof(AdaptivePhase.SlowStart))]
    [InlineData(1.81, nameof(AdaptivePhase.Confirm))] // 1.6 + 0.204 = 1.804.
    public void Cut_WithinOneErrorOfInProportion_LooksUnhindered(double elasticity, string phase)
        => Assert.Equal(phase, Step(Testing(40, 30, 0.1), Halved(30, elasticity)).State.Phase.ToString());

    // A noise of 0.16 in each is 0.3264 of elasticity, of 0.162 0.3305; of 0.01 0.0204.
    [Theory]
    [InlineData(true, 0.01, 0.72, false)]
    [InlineData(true, 0.01, 0.73, true)]
    [InlineData(true, 0.16, 1.02, false)]
    [InlineData(true, 0.16, 1.03, true)]
    [InlineData(true, 0.162, 1.5, false)] // Too noisy to be certain of anything.
    [InlineData(false, 0.01, 1, false)] // Baselines that were verified before are not moved by it.
    public void Cut_FirstAndCertainlyUnhindered_ShowsTheBaseline(bool first, double noise, double elasticity, bool learns)
    {
        AdaptiveState before = Testing(40, 30, noise) with { IsFirstTest = first, Learnt = 150, Cleared = 7 };
        (AdaptiveState state, LimitDecision decision) = Step(before, Halved(30, elasticity, noise));
        Assert.Equal((AdaptivePhase.SlowStart, LimitReason.Test), (state.Phase, decision.Reason));
        Assert.Equal(learns ? (42, 0) : (7.0, 150), (state.Cleared, state.Learnt)); // 1.05 × 40.
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Begin_IsTheFirstWhereNothingWasVerified(bool verified)
        => Assert.Equal(!verified, Step(Followed(40) with { Verified = verified, IsFirstTest = verified }, Window(40, 10)).State.IsFirstTest);

    [Theory]
    [InlineData(-2, nameof(LimitReason.Test), 0)]
    [InlineData(-2.02, nameof(LimitReason.Hold), 2)] // −1.6 − 2 × 0.204 = −2.008.
    public void Cut_FarMoreWorkWithFewer_BeganInAStall(double elasticity, string reason, int rest)
    {
        AdaptiveState before = Testing(40, 4, 0.1) with { Usual = new OperatingPoint(40, 30, 0.1) };
        (AdaptiveState state, LimitDecision decision) = Step(before, Halved(4, elasticity));
        Assert.Equal((reason, rest), (decision.Reason.ToString(), state.Rest));
        Assert.Equal((AdaptivePhase.Follow, default), (state.Phase, state.Usual));
        Assert.Equal(rest > 0, state.Limit == 40);
    }

    // With an error of √2 × 0.01 / ln 2 = 0.02 only.
    [Theory]
    [InlineData(1.61)]
    [InlineData(1.7)]
    public void Cut_MoreThanInProportion_IsLookedAtAgain(double elasticity)
        => Assert.Equal(AdaptivePhase.Confirm, Step(Testing(40, 10), Halved(10, elasticity, noise: 0.01)).State.Phase);

    // 20 servers' work, from 60 at once.
    [Theory]
    [InlineData(15.2, 0.1, 0)] // 0.76 × (1 + 2 × 0.1) is above 0.9.
    [InlineData(14.8, 0.1, 0.814)] // 0.74 × 1.2 is not: 0.74 × 1.1.
    [InlineData(9, 0.5, 0)] // 0.45 × 2 = 0.9.
    [InlineData(8.9, 0.5, 0.6675)]
    public void Congested_LessInFlightThanWork_ShortensBaselines(double inFlight, double noise, double factor)
    {
        (AdaptiveState state, LimitDecision decision) = Step(
            Testing(60, 20) with { DipsTaken = 3 }, Window(inFlight, 20, noise));
        Assert.Equal(factor, decision.Baselines.Factor, 12);
        Assert.Equal(factor > 0 ? 0 : 3, state.DipsTaken);
        Assert.Equal(factor > 0 ? BaselineMove.Scale : BaselineMove.Hold, decision.Baselines.Move);
    }

    [Fact]
    public void Congested_BaselinesShortened_CutsOnFromThere()
    {
        (AdaptiveState state, LimitDecision decision) = Step(Testing(60, 20), Window(14.8, 20, 0.1));
        Assert.Equal((AdaptivePhase.Test, 8), (state.Phase, decision.Limit)); // 0.55 × 14.8.
        Assert.Equal(14.8, state.Before.InFlight);
        Assert.Equal(16.28, state.Before.WorkRate, 9); // 20 × 0.74 × 1.1.
    }

    [Theory]
    [InlineData(15, 20, 4, nameof(AdaptivePhase.Follow))] // 15 / 20 = 0.75.
    [InlineData(14.9, 20, 4, nameof(AdaptivePhase.Test))]
    [InlineData(20, 40, 11, nameof(AdaptivePhase.Test))] // 0.55 × 20 = 11.
    [InlineData(19.9, 40, 11, nameof(AdaptivePhase.Follow))]
    public void Congested_HardlyStretched_CutsOnAsFarAsTheMinimum(double inFlight, double workRate, int min, string phase)
        => Assert.Equal(
            phase, AdaptiveLaw.Step(Testing(60, workRate), Window(inFlight, workRate), _settings with { Min = min }).State.Phase.ToString());

    [Theory]
    [InlineData(16, 0, nameof(AdaptivePhase.Follow), nameof(BaselineMove.Hold))] // 16 / 10 = 1.6: suspicious.
    [InlineData(15.9, 0, nameof(AdaptivePhase.SlowStart), nameof(BaselineMove.Follow))]
    [InlineData(15.9, 1, nameof(AdaptivePhase.Follow), nameof(BaselineMove.Hold))]
    [InlineData(6, 0, nameof(AdaptivePhase.Follow), nameof(BaselineMove.Scale))] // Too long.
    public void Congested_YoungBaselines_AreLearntFromTheFewest(double inFlight, int dips, string phase, string move)
    {
        (AdaptiveState state, LimitDecision decision) = Step(Testing(40, 10) with { DipsTaken = dips }, Window(inFlight, 10));
        Assert.Equal((phase, move), (state.Phase.ToString(), decision.Baselines.Move.ToString()));
        Assert.Equal(dips, state.DipsTaken);
    }

    // From 20 that did the work of 10; where baselines are young, half of the stretch of 1.2 is theirs.
    [Theory]
    [InlineData(0, 11.99)] // 1.09 × 1.1 × 10.
    [InlineData(1, 11)] // 1.09 × 10 are fewer than were looked at.
    public void Congested_Limit_IsTheTargetForTheMostWork(int dips, double limit)
        => Assert.Equal(limit, Step(Testing(20, 10) with { DipsTaken = dips }, Window(11, 11 / 1.2)).State.Limit, 9);

    [Theory]
    [InlineData(15, 15)]
    [InlineData(16, 16)] // 16 / 10 = 1.6.
    [InlineData(16.1, 10.9)]
    [InlineData(20, 11)] // 0.55 × 20: not by more than one cut.
    public void Congested_StillFarTooMany_GoesBelowWhatWasLookedAt(double inFlight, double limit)
        => Assert.Equal(limit, Step(Testing(40, 10), Window(inFlight, 10)).State.Limit, 9);

    [Fact]
    public void Descent_ThatWasNoRelief_IsConfirmedWhereItBegan()
    {
        OperatingPoint top = new(50, 40, 0.01);
        (AdaptiveState state, LimitDecision decision) = Step(Followed(40) with { Top = top }, Window(28, 22.4));
        Assert.Equal((LimitReason.Test, 50, 50), (decision.Reason, decision.Limit, decision.Nominal));
        Assert.Equal((AdaptivePhase.Confirm, top, default), (state.Phase, state.Before, state.Top));
        Assert.Equal(new OperatingPoint(28, 22.4, 0.01), state.Cut);
    }

    // From 40 to 20 and back.
    [Theory]
    [InlineData(0.5, 0.5, nameof(LimitReason.Shift))]
    [InlineData(0.46, 0.46, nameof(LimitReason.Shift))] // In the mean more than 0.45.
    [InlineData(0.44, 0.44, nameof(LimitReason.Test))]
    [InlineData(0.6, 0.32, nameof(LimitReason.Shift))]
    [InlineData(0.8, 0.32, nameof(LimitReason.Shift))]
    [InlineData(0.8, 0.28, nameof(LimitReason.Test))] // On the way back alone less than 0.3.
    [InlineData(1.58, 0.4, nameof(LimitReason.Shift))]
    [InlineData(1.62, 0.44, nameof(LimitReason.Test))] // More than 1.6 says nothing: the way back decides.
    [InlineData(1.62, 0.46, nameof(LimitReason.Shift))]
    [InlineData(-1, 2, nameof(LimitReason.Shift))]
    [InlineData(-1.2, 2, nameof(LimitReason.Test))]
    [InlineData(-1.2, 3, nameof(LimitReason.Test))] // Not counted as more than 2,
    [InlineData(-3, 3, nameof(LimitReason.Test))] // either way.
    public void Confirm_BothWaysInProportion_IsAShift(double down, double up, string reason)
    {
        double cut = Math.Pow(0.5, down);
        AdaptiveState state = Confirming(new OperatingPoint(40, 1, 0.01), new OperatingPoint(20, cut, 0.01));
        Assert.Equal(reason, Step(state, Window(40, cut * Math.Pow(2, up))).Decision.Reason.ToString());
    }

    [Theory]
    [InlineData(109, nameof(LimitReason.Test))] // 109 / 100 = 1.09.
    [InlineData(109.1, nameof(LimitReason.Shift))]
    public void Confirm_NotAboveTheTarget_ThereIsNothingToShift(double inFlight, string reason)
        => Assert.Equal(
            reason,
            Step(
                Confirming(new OperatingPoint(109, 100, 0.01), new OperatingPoint(60, 55, 0.01)),
                Window(inFlight, 100)).Decision.Reason.ToString());

    [Theory]
    [InlineData(30, 40)]
    [InlineData(50, 50)]
    public void Confirm_Shift_MovesBaselinesAndLooksForRoomAbove(int limit, double expected)
    {
        AdaptiveState before = Confirming(new OperatingPoint(40, 10, 0.01), new OperatingPoint(22, 4, 0.01)) with
        {
            Limit = limit,
            LookedUp = true,
            Learnt = 300,
            DipsTaken = 3,
        };
        (AdaptiveState state, LimitDecision decision) = Step(before, Window(40, 8));
        Assert.Equal((LimitReason.Shift, BaselineMove.Scale), (decision.Reason, decision.Baselines.Move));
        Assert.Equal(Math.Sqrt(5 * 5.5), decision.Baselines.Factor, 12);
        Assert.Equal((AdaptivePhase.SlowStart, 2), (state.Phase, state.Streak));
        Assert.Equal(expected, state.Limit);
        Assert.Equal(42, state.Cleared, 12); // 1.05 × 40.
        Assert.Equal((false, 0, 0), (state.LookedUp, state.Learnt, state.DipsTaken));
    }

    [Theory]
    [InlineData(20, 0, 1)] // Stretched by 20 / 20.
    [InlineData(19.9, 0, 1.0025125628)] // (1 + 20 / 19.9) / 2.
    [InlineData(12.6, 0, 1.2936507937)]
    [InlineData(12.5, 0, 1)] // 20 / 12.5 = 1.6.
    [InlineData(16, 0, 1.125)]
    [InlineData(16, 1, 1)] // Not young any longer.
    public void Confirm_Congested_YoungBaselinesAreScaled(double workRate, int dips, double scale)
    {
        AdaptiveState before = Confirming(new OperatingPoint(40, 24, 0.01), new OperatingPoint(20, workRate, 0.01)) with
        {
            DipsTaken = dips,
            Rest = 1,
            Usual = new OperatingPoint(40, 24, 0.01),
            Top = new OperatingPoint(40, 24, 0.01),
        };
        (AdaptiveState state, LimitDecision decision) = Step(before, Window(40, workRate * 1.2));
        bool young = scale > 1;
        Assert.Equal(LimitReason.Test, decision.Reason);
        Assert.Equal(young ? BaselineMove.Scale : BaselineMove.Hold, decision.Baselines.Move);
        Assert.Equal(young ? scale : 0, decision.Baselines.Factor, 9);
        Assert.Equal((young ? AdaptivePhase.SlowStart : AdaptivePhase.Follow, young ? 1 : 2), (state.Phase, state.Rest));
        Assert.Equal((default, default), (state.Usual, state.Top));
        Assert.Equal(Math.Max(20, 1.09 * scale * 1.2 * workRate), state.Limit, 6);
    }

    // 20 in the cut, of young baselines: half of what they were stretched by is theirs.
    [Theory]
    [InlineData(16, 18, 22.0725)] // 1.09 × 1.125 × 18.
    [InlineData(16, 15, 20)] // 1.09 × 1.125 × 16 are fewer than ran in it.
    [InlineData(18, 15, 20.71)] // 1.09 × 1.0556 × 18.
    public void Confirm_Congested_LimitIsTheTargetForTheMostWork(double workRateInCut, double workRate, double limit)
    {
        AdaptiveState before = Confirming(new OperatingPoint(40, 18, 0.01), new OperatingPoint(20, workRateInCut, 0.01));
        Assert.Equal(limit, Step(before with { DipsTaken = 0 }, Window(40, workRate)).State.Limit, 9);
    }

    private static AdaptiveState Followed(int limit) => AdaptiveLaw.Start(_settings).State with
    {
        Phase = AdaptivePhase.Follow,
        Limit = limit,
        InForce = limit,
        Peak = 100,
        Verified = true,
        DipsTaken = 5,
    };

    private static AdaptiveState Testing(double inFlight, double workRate, double noise = 0.01) => Followed((int)inFlight) with
    {
        Phase = AdaptivePhase.Test,
        Before = new OperatingPoint(inFlight, workRate, noise),
    };

    private static AdaptiveState Confirming(OperatingPoint before, OperatingPoint cut) => Followed((int)before.InFlight) with
    {
        Phase = AdaptivePhase.Confirm,
        Before = before,
        Cut = cut,
    };

    // From 40 at once to 20.
    private static WindowSummary Halved(double workRate, double elasticity, double noise = 0.1)
        => Window(20, workRate * Math.Pow(0.5, elasticity), noise);

    // Of one second, with exactly that work rate.
    private static WindowSummary Window(double inFlight, double workRate, double noise = 0.01)
        => TestWindow.Of(inFlight, 1, 1000, noise: noise) with { Work = workRate, LatencySum = inFlight };

    private static (LimitReason Reason, int Limit) ReasonAndLimit((AdaptiveState State, LimitDecision Decision) step)
        => (step.Decision.Reason, step.Decision.Limit);

    private static (AdaptiveState State, LimitDecision Decision) Step(AdaptiveState state, WindowSummary window)
        => AdaptiveLaw.Step(state, window, _settings);
}
