using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

/// <summary>Windows at each threshold of the law and just beside it.</summary>
public sealed class AdaptiveLawBoundsTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 4, Max = 1000 };

    [Theory]
    [InlineData(0, 20, 0)]
    [InlineData(1, 4, 1)] // Not below the minimum.
    [InlineData(50, 50, 13)] // 4 × 13 allows 50, 4 × 12 would not.
    public void Start_LimitInUse_NeedNotBeEarnedAgain(int inUse, int limit, int peak)
    {
        (AdaptiveState state, LimitDecision decision) = AdaptiveLaw.Start(_settings with { Initial = 100 }, inUse);
        Assert.Equal((limit, WindowPace.Hasty), (decision.Limit, decision.Pace));
        Assert.Equal(peak, state.Peak);
    }

    [Fact]
    public void Law_KeepsItsState()
    {
        AdaptiveLaw law = new(_settings);
        Assert.Equal(20, law.Current.Limit);
        Assert.Equal(23, law.Step(TestWindow.Of(20, 1, 20)).Limit); // 20 × 1.15.
        Assert.Equal(23, law.Current.Limit);
        Assert.Equal(1, law.State.Streak);
        Assert.Equal(12, law.Reconfigure(_settings with { Max = 12 }).Limit);
        Assert.Equal(12, law.Current.Limit);
        Assert.Equal(12, law.Step(TestWindow.Of(12, 1, 12)).Limit);
    }

    // Latency stretched by one, so that only the stretch of 1 + 2 × 0.1 = 1.2 by noise decides: 1.09 × 1.2 = 1.308.
    [Theory]
    [InlineData(1.3, 23)]
    [InlineData(1.32, 20)]
    public void SlowStart_StretchWithinItsNoise_Grows(double stretch, int limit)
        => Assert.Equal(limit, Starting(TestWindow.Of(20, stretch, 20, latencyStretch: 1, noise: 0.1)).Decision.Limit);

    [Fact]
    public void SlowStart_ExactlyAtTheTarget_DoesNotGrow()
    {
        Assert.Equal(20, Starting(Exact(AdaptiveLaw.Target, noise: 0.5)).Decision.Limit);
        Assert.Equal(23, Starting(Exact(Math.BitDecrement(AdaptiveLaw.Target), noise: 0.5)).Decision.Limit);
    }

    [Theory]
    [InlineData(20, 20)]
    [InlineData(20.5, 0)]
    public void SlowStart_MoreThanWasCleared_IsNotClearedAnyLonger(double inFlight, double cleared)
        => Assert.Equal(cleared, Starting(TestWindow.Of(inFlight, 1, 20), Start with { Cleared = 20 }).State.Cleared);

    [Theory]
    [InlineData(1.3, 1.3, 0, nameof(BaselineMove.Follow))]
    [InlineData(1.32, 1.32, 0, nameof(BaselineMove.Hold))] // 1.09 × (1 + 2 × 0.1) = 1.308.
    [InlineData(1.7, 1, 0, nameof(BaselineMove.Follow))] // √1.7 = 1.304.
    [InlineData(1.72, 1, 0, nameof(BaselineMove.Hold))] // √1.72 = 1.311.
    [InlineData(1, 1, 199, nameof(BaselineMove.Follow))]
    [InlineData(1, 1, 200, nameof(BaselineMove.Hold))]
    public void SlowStart_FirstBaselines_AreLearntFromWhatMayBeUnstretched(
        double stretch, double latencyStretch, int learnt, string move)
    {
        (AdaptiveState state, LimitDecision decision) = Starting(
            TestWindow.Of(20, stretch, 20, latencyStretch: latencyStretch, noise: 0.1), Start with { Learnt = learnt });
        Assert.Equal(move, decision.Baselines.Move.ToString());
        Assert.Equal(learnt + 50, state.Learnt);
    }

    [Fact]
    public void SlowStart_CertainlyStretched_DoesNotLookAgain()
    {
        // 1.09 × (1 + 2 × 0.25).
        AdaptiveState state = Start with { Verified = true };
        Assert.Equal(LimitReason.Follow, Starting(Exact(AdaptiveLaw.Target * 1.5, 0.25), state).Decision.Reason);
        Assert.Equal(LimitReason.SlowStart, Starting(Exact(Math.BitDecrement(AdaptiveLaw.Target * 1.5), 0.25), state).Decision.Reason);
    }

    [Theory]
    [InlineData(false, false, 0, true)]
    [InlineData(false, false, 1, false)]
    [InlineData(false, true, 3, true)]
    [InlineData(false, true, 4, false)]
    [InlineData(true, false, 1, true)]
    [InlineData(true, true, 2, false)]
    public void SlowStart_Doubtful_LooksAgainSoOften(bool cleared, bool verified, int doubts, bool again)
    {
        (AdaptiveState state, LimitDecision decision) = Starting(
            TestWindow.Of(20, 1.2, 20), Start with { Cleared = cleared ? 25 : 0, Verified = verified, Doubts = doubts });
        Assert.Equal(again, decision is { Reason: LimitReason.SlowStart, Limit: 20 });
        Assert.Equal(again, state.Doubts == doubts + 1);
    }

    // Of 25 completions the error is 0.2: 1.6 × 1.2 = 1.92.
    [Theory]
    [InlineData(10, false, 1.9, nameof(LimitReason.SlowStart), 20)]
    [InlineData(10, false, 1.94, nameof(LimitReason.Test), 6)] // 0.55 × 10.
    [InlineData(20, false, 1.9, nameof(LimitReason.Test), 11)] // So many are enough to look at.
    [InlineData(10, true, 1.9, nameof(LimitReason.Follow), 8)] // 10 × √(1.09 / 1.9) = 7.6.
    public void SlowStart_FewAtOnceAndStretched_LooksWhereMoreCanBeSeen(
        int inUse, bool verified, double stretch, string reason, int limit)
    {
        LimitDecision decision = Starting(
            TestWindow.Of(inUse, stretch, inUse, completions: 25, noise: 0.3),
            Start with { Limit = inUse, InForce = inUse, Verified = verified }).Decision;
        Assert.Equal((reason, limit), (decision.Reason.ToString(), decision.Limit));
    }

    [Theory]
    [InlineData(11, nameof(LimitReason.Test))] // 0.55 × 20.
    [InlineData(12, nameof(LimitReason.Follow))]
    public void SlowStart_Unverified_TestsOnlyWhereTheMinimumLeavesRoom(int min, string reason)
        => Assert.Equal(
            reason, AdaptiveLaw.Step(Start, TestWindow.Of(20, 1.5, 20, noise: 0.02), _settings with { Min = min }).Decision.Reason.ToString());

    [Theory]
    [InlineData(20, 2, false, false)]
    [InlineData(20, 3, false, true)] // The fourth good window, at what is believed anyway.
    [InlineData(20, 4, false, true)]
    [InlineData(19, 3, false, false)]
    [InlineData(24, 3, false, true)]
    [InlineData(20, 0, true, true)]
    public void SlowStart_FourGoodWindows_VerifyTheBaselines(int limit, int streak, bool before, bool after)
        => Assert.Equal(
            after,
            Starting(
                TestWindow.Of(limit, 1, limit),
                Start with { Limit = limit, InForce = limit, Streak = streak, Verified = before }).State.Verified);

    [Fact]
    public void Shadow_WindowWithoutRefusals_IsLearntFrom()
        => Assert.Equal(LimitReason.Follow, Following(40, TestWindow.Of(40, 1.1, 40, shadow: true) with { Refused = 0 }).Decision.Reason);

    [Theory]
    [InlineData(1, 49, nameof(LimitReason.Dropped))]
    [InlineData(1, 50, nameof(LimitReason.Follow))] // One in fifty is a stray fault.
    [InlineData(0, 3, nameof(LimitReason.Follow))]
    [InlineData(0, 2, nameof(LimitReason.Hold))] // Fewer than three are nothing to go by.
    public void Step_FewDroppedOrFewCompleted_SayNothing(int dropped, int completions, string reason)
        => Assert.Equal(reason, Following(40, TestWindow.Of(40, 1.1, 40, dropped: dropped, completions: completions)).Decision.Reason.ToString());

    [Theory]
    [InlineData(nameof(AdaptivePhase.SlowStart), nameof(AdaptivePhase.SlowStart))]
    [InlineData(nameof(AdaptivePhase.Dip), nameof(AdaptivePhase.Follow))]
    [InlineData(nameof(AdaptivePhase.Test), nameof(AdaptivePhase.Follow))]
    [InlineData(nameof(AdaptivePhase.Confirm), nameof(AdaptivePhase.Follow))]
    public void Step_WindowThatSaysNothing_EndsWhatItWasToAnswer(string before, string after)
        => Assert.Equal(
            after,
            Step(Followed(40) with { Phase = Enum.Parse<AdaptivePhase>(before) }, TestWindow.Of(40, 1.1, 40, completions: 2)).State.Phase.ToString());

    [Fact]
    public void Step_LimitBeyondFourTimesThePeak_IsNotBelieved()
        => Assert.Equal(40, Step(Followed(100) with { Peak = 10 }, TestWindow.Of(10, 1, 100, completions: 2)).Decision.Limit);

    // Of 100 completions the error is 0.1: 1.6 × (1 + 4 × 0.1) = 2.24.
    [Theory]
    [InlineData(2.2, 2.2, 0, nameof(LimitReason.NotBound))]
    [InlineData(2.3, 2.3, 0, nameof(LimitReason.Test))]
    [InlineData(5, 2.2, 0, nameof(LimitReason.NotBound))] // Both have to show it.
    [InlineData(2.2, 5, 0, nameof(LimitReason.NotBound))]
    [InlineData(2.3, 2.3, 7, nameof(LimitReason.Test))] // The eighth window with room; after it, it is not this gate's.
    [InlineData(2.3, 2.3, 8, nameof(LimitReason.NotBound))]
    public void NotBound_StretchedByMuch_Tests(double stretch, double latencyStretch, int unbound, string reason)
        => Assert.Equal(
            reason,
            Step(
                Followed(40) with { Unbound = unbound },
                TestWindow.Of(20, stretch, 40, bound: false, latencyStretch: latencyStretch, completions: 100)).Decision.Reason.ToString());

    [Theory]
    [InlineData(24, 16, 16, nameof(BaselineMove.Hold))] // 24 / 16 = 1.5: latencies lag behind.
    [InlineData(23.9, 16, 16, nameof(BaselineMove.Follow))]
    [InlineData(16, 16, 25.6, nameof(BaselineMove.Hold))] // 25.6 / 16 = 1.6: suspicious.
    [InlineData(16, 16, 25.5, nameof(BaselineMove.Follow))]
    [InlineData(28, 28, 28, nameof(BaselineMove.Hold))] // 0.7 × 40: near the limit.
    [InlineData(27.9, 28, 28, nameof(BaselineMove.Follow))]
    [InlineData(32, 64, 32, nameof(BaselineMove.Hold))] // Near it, but shorter: 0.5 × (1 + 2 × 0.5) is not below 1.
    [InlineData(32, 64, 31.9, nameof(BaselineMove.Follow))]
    public void NotBound_Baselines_AreLearntWithRoomToSpare(double inFlight, double work, double latencies, string move)
        => Assert.Equal(
            move,
            Following(40, TestWindow.Of(1, 1, 40, bound: false, noise: 0.5) with { MeanInFlight = inFlight, Work = work, LatencySum = latencies })
                .Decision.Baselines.Move.ToString());

    [Theory]
    [InlineData(1, 149, false, 199, false)]
    [InlineData(1, 150, false, 200, true)] // 200 samples learnt with room verify the baselines,
    [InlineData(1, 151, false, 201, true)]
    [InlineData(1.7, 300, false, 300, false)] // those learnt without do not.
    [InlineData(1, 0, true, 50, true)]
    [InlineData(1.7, 0, true, 0, true)]
    public void NotBound_LearntWithRoom_VerifiesTheBaselines(double stretch, int before, bool verified, int learnt, bool expected)
    {
        AdaptiveState state = Step(
            Followed(40) with { Learnt = before, Verified = verified }, TestWindow.Of(20, stretch, 40, bound: false)).State;
        Assert.Equal((learnt, expected), (state.Learnt, state.Verified));
    }

    [Fact]
    public void NotBound_ExactlyAtTheTarget_DoesNotRaiseTheLimit()
    {
        WindowSummary window = Exact(AdaptiveLaw.Target, 0.1) with { MeanInFlight = 4, PeakInFlight = 5, FullArrivals = 0 };
        Assert.Equal(6, Following(6, window).Decision.Limit);
        Assert.Equal(10, Following(6, window with { LatencySum = 16 }).Decision.Limit); // Twice the peak.
    }

    [Theory]
    [InlineData(nameof(AdaptivePhase.SlowStart), 1, 40, 50)] // 1.25 × 40.
    [InlineData(nameof(AdaptivePhase.SlowStart), 1, 90, 100)] // 112.5 is more than it is.
    [InlineData(nameof(AdaptivePhase.SlowStart), 1, 10, 20)] // Believed anyway.
    [InlineData(nameof(AdaptivePhase.SlowStart), 0, 40, 100)] // Not raised: kept.
    [InlineData(nameof(AdaptivePhase.Follow), 1, 40, 100)]
    public void NotBound_RaisedAndNotUsed_IsTakenBack(string phase, int streak, int peak, int limit)
        => Assert.Equal(
            limit,
            Step(
                Followed(100) with { Phase = Enum.Parse<AdaptivePhase>(phase), Streak = streak, Peak = 100 },
                TestWindow.Of(10, 1, 100, bound: false, peak: peak)).Decision.Limit);

    [Theory]
    [InlineData(3, 2)]
    [InlineData(1, 0)]
    [InlineData(0, 0)]
    public void NotBound_Rest_GoesOnByWindows(int before, int after)
        => Assert.Equal(after, Step(Followed(40) with { Rest = before }, TestWindow.Of(20, 1, 40, bound: false)).State.Rest);

    [Theory]
    [InlineData(5, 0.2, 0.0025, nameof(LimitReason.Test))] // 0.2 + √0.0025 = 0.25: dips cost next to nothing.
    [InlineData(5, 0.2, 0.0225, nameof(LimitReason.Follow))] // 0.2 + 0.15, not certainly.
    [InlineData(5, 0.3, 0, nameof(LimitReason.Follow))]
    [InlineData(5, 0.29, 0, nameof(LimitReason.Test))]
    [InlineData(4, 0.29, 0, nameof(LimitReason.Follow))] // So few are luck.
    public void Follow_DipsThatCostNothing_AreCongestion(int taken, double mean, double variance, string reason)
        => Assert.Equal(
            reason,
            Step(
                Followed(40) with { DipsTaken = taken, Dips = new Elasticity(1, mean, variance) },
                TestWindow.Of(40, 1.1, 40)).Decision.Reason.ToString());

    [Theory]
    [InlineData(32, nameof(LimitReason.Follow))] // 32 / 16 = 2 = 1.6 × (1 + 2 × 0.125).
    [InlineData(32.1, nameof(LimitReason.Test))]
    public void Follow_StretchBeyondItsNoise_Tests(double inFlight, string reason)
        => Assert.Equal(reason, Following(40, Exact(2, 0.125) with { MeanInFlight = inFlight, Limit = 40 }).Decision.Reason.ToString());

    // From 50 in flight with the same work: nothing was gained by them.
    [Theory]
    [InlineData(0, 28.9, nameof(LimitReason.Hold), 2)] // Less than 0.58 × 50 = 29.
    [InlineData(0, 29.1, nameof(LimitReason.Follow), 0)]
    [InlineData(1, 28.9, nameof(LimitReason.Hold), 2)] // The last window of rest.
    [InlineData(2, 28.9, nameof(LimitReason.Follow), 1)]
    public void Follow_SlowDescent_IsJudgedAsATestIs(int rest, double inFlight, string reason, int restAfter)
    {
        (AdaptiveState state, LimitDecision decision) = Step(
            Followed(40) with { Rest = rest, Top = new OperatingPoint(50, inFlight / 1.1, 0.01) },
            TestWindow.Of(inFlight, 1.1, 40, noise: 0.01));
        Assert.Equal((reason, restAfter), (decision.Reason.ToString(), state.Rest));
    }

    [Theory]
    [InlineData(2, 1)] // 0.83 × 2 would be 2 again.
    [InlineData(3, 2)]
    [InlineData(10, 8)]
    public void Follow_DipOfALowLimit_IsAtLeastOne(int limit, int dip)
    {
        LimitDecision decision = AdaptiveLaw.Step(
            Followed(limit) with { SinceDip = 10 }, TestWindow.Of(limit, 1.1, limit), _settings with { Min = 1 }).Decision;
        Assert.Equal((LimitReason.Dip, dip, limit), (decision.Reason, decision.Limit, decision.Nominal));
    }

    [Theory]
    [InlineData(1.4, 35)] // As without them.
    [InlineData(1.7, 40)] // They need more than 40.
    public void Follow_Suspicious_LeavesTheHighestPrioritiesWhatTheyNeed(double stretch, int limit)
    {
        Demand demand = default(Demand).With(TestWindow.Of(40, 1, 40, completions: 1000) with
        {
            Arrivals = 200,
            FullArrivals = 200,
            FullByPriority = new(100, 0, 0, 100),
        });
        WindowSummary window = TestWindow.Of(40, stretch, 40) with { FullByPriority = new(50, 0, 0, 50) };
        Assert.Equal(limit, Step(Followed(40) with { Demand = demand }, window).Decision.Limit);
    }

    [Theory]
    [InlineData(30, 40, 32)] // Here are more.
    [InlineData(40, 40, 32)] // As many: here is newer.
    [InlineData(50, 50, 1)]
    public void Follow_Top_IsTheMostSinceItWentDown(double before, double inFlight, double workRate)
    {
        AdaptiveState state = Step(
            Followed(40) with { Top = new OperatingPoint(before, 1, 0.1) }, TestWindow.Of(40, 1.25, 40)).State;
        Assert.Equal((inFlight, workRate), (state.Top.InFlight, state.Top.WorkRate)); // 40 / 1.25 = 32.
    }

    // From 100 in flight and a work rate of 80.
    [Theory]
    [InlineData(60, 48, false, nameof(BaselineMove.Follow))] // 60 do 60 % of it: they did not hinder each other.
    [InlineData(60, 48, true, nameof(BaselineMove.Hold))] // Dips will tell.
    [InlineData(60, 80, false, nameof(BaselineMove.Hold))] // They did.
    [InlineData(85, 68, false, nameof(BaselineMove.Hold))] // 0.85 × 100: too near to tell.
    [InlineData(84, 67.2, false, nameof(BaselineMove.Follow))]
    public void Follow_DescentWithoutDips_LearnsFromWhatWasNoRelief(double inFlight, double workRate, bool canQueue, string move)
        => Assert.Equal(
            move,
            Step(
                Followed(100) with { Top = new OperatingPoint(100, 80, 0.01) },
                TestWindow.Of(inFlight, inFlight / workRate, 100, canQueue: canQueue, noise: 0.01)).Decision.Baselines.Move.ToString());

    // At the target each window takes half an error off both sums.
    [Theory]
    [InlineData(0, 4.4, nameof(AdaptivePhase.Follow), 0, 3.9)]
    [InlineData(0, 4.6, nameof(AdaptivePhase.SlowStart), 0, 0)] // 4.1 is more than 4: there is room.
    [InlineData(3.4, 0, nameof(AdaptivePhase.Follow), 2.9, 0)]
    [InlineData(3.6, 0, nameof(AdaptivePhase.Follow), 0, 0)] // 3.1 is more than 3: acted on, and done with.
    public void Follow_Drift_IsActedOnOnce(double above, double below, string phase, double aboveAfter, double belowAfter)
    {
        AdaptiveState state = Step(
            Followed(40) with { Drift = new Drift(above, below) }, TestWindow.Of(40, AdaptiveLaw.Target, 40)).State;
        Assert.Equal(phase, state.Phase.ToString());
        Assert.Equal(aboveAfter, state.Drift.Above, 9);
        Assert.Equal(belowAfter, state.Drift.Below, 9);
    }

    [Fact]
    public void Follow_UsualPoint_IsSmoothedByThreeTenths()
    {
        WindowSummary window = TestWindow.Of(50, 1.25, 50, noise: 0.2); // A work rate of 40.
        OperatingPoint usual = Step(Followed(50), window).State.Usual;
        Assert.Equal((50, 40), (usual.InFlight, usual.WorkRate));
        Assert.Equal(0.2, usual.Noise, 12);
        usual = Step(Followed(50) with { Usual = new OperatingPoint(40, 20, 0.1) }, window).State.Usual;
        Assert.Equal(43, usual.InFlight, 12);
        Assert.Equal(26, usual.WorkRate, 12);
        Assert.Equal(0.1, usual.Noise, 12); // 0.7 × 0.1 + 0.15 × 0.2.
    }

    [Theory]
    [InlineData(38, false)] // 0.95 × 40: the dip never came into effect.
    [InlineData(37.9, true)]
    public void Dip_TooLittleOfIt_SaysNothing(double inFlight, bool counts)
    {
        AdaptiveState state = Followed(40) with { Phase = AdaptivePhase.Dip, Usual = new OperatingPoint(40, 36, 0.05) };
        Assert.Equal(counts, Step(state, TestWindow.Of(inFlight, 1.1, 40)).State.Dips.Squares > 0);
    }

    [Theory]
    [InlineData(0.8, 0.0025, nameof(AdaptivePhase.SlowStart), 52)] // 0.8 − √0.0025 = 0.75: room, 40 × 1.3.
    [InlineData(0.8, 0.04, nameof(AdaptivePhase.Follow), 40)] // 0.8 − 0.2, not certainly.
    [InlineData(0.7, 0, nameof(AdaptivePhase.Follow), 40)]
    [InlineData(0.71, 0, nameof(AdaptivePhase.SlowStart), 52)]
    public void Dip_AllThatRanWasUnhindered_LooksForRoomAbove(double mean, double variance, string phase, int limit)
    {
        (AdaptiveState state, LimitDecision decision) = Step(
            Followed(40) with { Phase = AdaptivePhase.Dip, Dips = new Elasticity(1, mean, variance) }, TestWindow.Of(40, 1.1, 40));
        Assert.Equal((phase, limit), (state.Phase.ToString(), decision.Limit));
    }

    private static AdaptiveState Start => AdaptiveLaw.Start(_settings).State;

    private static AdaptiveState Followed(int limit) => Start with
    {
        Phase = AdaptivePhase.Follow,
        Limit = limit,
        InForce = limit,
        Peak = limit,
        Verified = true,
    };

    // By powers of two, so that its stretch of latencies is exactly that; its other stretch is 20 / 16 = 1.25.
    private static WindowSummary Exact(double latencyStretch, double noise) => TestWindow.Of(20, 1, 20, noise: noise) with
    {
        Work = 16,
        LatencySum = 16 * latencyStretch,
    };

    private static (AdaptiveState State, LimitDecision Decision) Starting(WindowSummary window, AdaptiveState? state = null)
        => Step(state ?? Start, window);

    private static (AdaptiveState State, LimitDecision Decision) Following(int limit, WindowSummary window)
        => Step(Followed(limit), window);

    private static (AdaptiveState State, LimitDecision Decision) Step(AdaptiveState state, WindowSummary window)
        => AdaptiveLaw.Step(state, window, _settings);
}
