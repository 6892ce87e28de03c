using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using CsCheck;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class AdaptiveLawTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 4, Max = 1000 };

    [Theory]
    [InlineData(1000, 20)]
    [InlineData(100, 20)]
    [InlineData(12, 12)]
    public void Start_InitialLimit_IsBelievedUpToTwenty(int initial, int limit)
        => Assert.Equal(limit, AdaptiveLaw.Start(_settings with { Initial = initial }).Decision.Limit);

    [Fact]
    public void Start_MinimumAboveTwenty_IsTheLimit()
        => Assert.Equal(50, AdaptiveLaw.Start(_settings with { Initial = 100, Min = 50 }).Decision.Limit);

    [Fact]
    public void SlowStart_NoStretch_DoublesBelowEightThenGrowsFasterAndFaster()
    {
        AdaptiveState state = AdaptiveLaw.Start(_settings with { Initial = 4 }).State;
        List<int> limits = [];
        for (int i = 0; i < 6; i++)
        {
            (state, LimitDecision decision) = AdaptiveLaw.Step(state, TestWindow.Of(state.InForce, 1, state.InForce), _settings);
            limits.Add(decision.Limit);
        }

        Assert.Equal([8, 10, 15, 24, 42, 80], limits);
    }

    [Fact]
    public void SlowStart_Stretched_LeavesAndFollowsDown()
    {
        AdaptiveState state = AdaptiveLaw.Start(_settings).State with { Verified = true };
        (state, LimitDecision decision) = AdaptiveLaw.Step(state, TestWindow.Of(20, 1.5, 20), _settings);
        Assert.Equal(LimitReason.Follow, decision.Reason);
        Assert.Equal((int)Math.Round(20 * Math.Sqrt(1.1 / 1.5)), decision.Limit);
        Assert.Equal(AdaptivePhase.Follow, state.Phase);
    }

    [Fact]
    public void SlowStart_StretchedOnUnverifiedBaselines_LooksTwiceThenVerifiesThemByACut()
    {
        (AdaptiveState state, LimitDecision decision) = AdaptiveLaw.Step(
            AdaptiveLaw.Start(_settings).State, TestWindow.Of(20, 1.2, 20), _settings);
        Assert.Equal(new LimitDecision(20, 20, LimitReason.SlowStart) { Baselines = BaselineChange.Follow }, decision);
        decision = AdaptiveLaw.Step(state, TestWindow.Of(20, 1.2, 20), _settings).Decision;
        Assert.Equal(new LimitDecision(11, 20, LimitReason.Test) { Baselines = BaselineChange.Follow, Pace = WindowPace.Careful }, decision);
    }

    [Theory]
    [InlineData(1.1, 0.075, 40)]
    [InlineData(1.0, 0.075, 41)]
    [InlineData(1.2, 0.075, 39)] // May be noise: a seventh of the way.
    [InlineData(1.4, 0.075, 35)] // Is not: half of it.
    [InlineData(1.4, 0.3, 39)]
    public void Follow_Stretch_MovesTowardsTheTargetByTheEvidence(double stretch, double noise, int limit)
        => Assert.Equal(limit, Following(40, TestWindow.Of(40, stretch, 40, noise: noise)).Decision.Limit);

    [Fact]
    public void Follow_SmallExcessThatLasts_IsActedOn()
    {
        AdaptiveState state = Followed(40) with { DipsTaken = 5 };
        List<double> steps = [];
        for (int i = 0; i < 6; i++)
        {
            double before = state.Limit;
            state = AdaptiveLaw.Step(state, TestWindow.Of(40, 1.22, state.InForce), _settings).State;
            steps.Add(Math.Log(before / state.Limit) / Math.Log(1.22 / AdaptiveLaw.Target));
        }

        Assert.Equal(0.15, steps[0], 3);
        Assert.Contains(steps, step => step > 0.49);
    }

    [Fact]
    public void Follow_RoomAboveThatLasts_LooksForItsEnd()
    {
        AdaptiveState state = Followed(40) with { DipsTaken = 5 };
        int windows = 0;
        while (state.Phase is not AdaptivePhase.SlowStart)
        {
            Assert.InRange(windows++, 0, 30);
            state = AdaptiveLaw.Step(state, TestWindow.Of(state.InForce, 1, state.InForce), _settings).State;
        }

        Assert.InRange(windows, 3, 30);
    }

    [Fact]
    public void Follow_EveryTenthBoundWindow_DipsAndRefusesNobody()
    {
        AdaptiveState state = Followed(40) with { DipsTaken = 5 };
        List<LimitDecision> decisions = [];
        for (int i = 0; i < 22; i++)
        {
            (state, LimitDecision decision) = AdaptiveLaw.Step(state, TestWindow.Of(state.InForce, AdaptiveLaw.Target, state.InForce), _settings);
            decisions.Add(decision);
        }

        LimitDecision[] dips = [.. decisions.Where(d => d.Reason == LimitReason.Dip)];
        Assert.Equal(2, dips.Length);
        Assert.All(dips, d => Assert.Equal((33, 40), (d.Limit, d.Nominal)));
        LimitDecision after = decisions[decisions.IndexOf(dips[0]) + 1];
        Assert.Equal((40, BaselineMove.Follow), (after.Limit, after.Baselines.Move));
        Assert.Equal(BaselineMove.Hold, decisions[1].Baselines.Move);
    }

    [Fact]
    public void Follow_YoungBaselines_DipMoreOften()
    {
        AdaptiveState state = Followed(40);
        int dips = 0;
        for (int i = 0; i < 23; i++)
        {
            (state, LimitDecision decision) = AdaptiveLaw.Step(state, TestWindow.Of(state.InForce, 1.1, state.InForce), _settings);
            dips += decision.Reason == LimitReason.Dip ? 1 : 0;
        }

        Assert.Equal(4, dips);
    }

    [Fact]
    public void Follow_GateThatOnlyRejects_NeverDips()
    {
        AdaptiveState state = Followed(40);
        for (int i = 0; i < 100; i++)
        {
            (state, LimitDecision decision) = AdaptiveLaw.Step(
                state, TestWindow.Of(state.InForce, 1.1, state.InForce, canQueue: false), _settings);
            Assert.Equal(LimitReason.Follow, decision.Reason);
            Assert.Equal(decision.Limit, decision.Nominal);
        }
    }

    [Fact]
    public void Test_WorkRateUnmovedByTheCut_IsCongestion()
    {
        // 20 servers became 6: stretch 40/6. The cut gives the same work rate.
        (AdaptiveState state, LimitDecision cut) = Following(40, TestWindow.Of(40, 40 / 6.0, 40));
        Assert.Equal(new LimitDecision(22, 40, LimitReason.Test) { Pace = WindowPace.Careful }, cut);
        (state, LimitDecision verdict) = AdaptiveLaw.Step(state, TestWindow.Of(22, 22 / 6.0, 22), _settings);

        // The stretch is still far too high, so it goes below what was looked at, if not by more than one cut.
        Assert.Equal((12, 12, BaselineMove.Hold), (verdict.Limit, verdict.Nominal, verdict.Baselines.Move));
        Assert.Equal(AdaptivePhase.Follow, state.Phase);
    }

    [Fact]
    public void Test_WorkRateFollowsTheCutAndBack_IsAShiftOfLatency()
    {
        // Every request takes four times as long, however many there are.
        (AdaptiveState state, _) = Following(40, TestWindow.Of(40, 4, 40));
        (state, LimitDecision restored) = AdaptiveLaw.Step(state, TestWindow.Of(22, 4, 22), _settings);
        Assert.Equal(40, restored.Limit);
        (state, LimitDecision verdict) = AdaptiveLaw.Step(state, TestWindow.Of(40, 4, 40), _settings);
        Assert.Equal(LimitReason.Shift, verdict.Reason);
        Assert.Equal(BaselineChange.ScaleBy(4), verdict.Baselines);
        Assert.Equal(AdaptivePhase.SlowStart, state.Phase);
    }

    [Fact]
    public void Test_LatenciesLagBehindTheStretch_WaitsAWindow()
    {
        (AdaptiveState state, LimitDecision decision) = Following(40, TestWindow.Of(40, 5, 40, latencyStretch: 2));
        Assert.Equal((LimitReason.Hold, 40), (decision.Reason, decision.Limit));
        decision = AdaptiveLaw.Step(state, TestWindow.Of(40, 5, 40, latencyStretch: 2), _settings).Decision;
        Assert.Equal(LimitReason.Test, decision.Reason);
    }

    [Fact]
    public void Test_WorkRateFallsMoreThanTheCut_IsDecidedOnTheWayBack()
    {
        (AdaptiveState state, _) = Following(40, TestWindow.Of(40, 2, 40));
        (state, LimitDecision restored) = AdaptiveLaw.Step(state, TestWindow.Of(22, 4, 22), _settings);
        Assert.Equal((LimitReason.Test, 40, AdaptivePhase.Confirm), (restored.Reason, restored.Limit, state.Phase));
        LimitDecision verdict = AdaptiveLaw.Step(state, TestWindow.Of(40, 4, 40), _settings).Decision;
        Assert.Equal((LimitReason.Shift, BaselineMove.Scale), (verdict.Reason, verdict.Baselines.Move));
    }

    [Fact]
    public void Test_TooNoisyToTell_IsLookedAtAgain()
    {
        (AdaptiveState state, _) = Following(40, TestWindow.Of(40, 4, 40, noise: 0.2));

        // Elasticity 0.45: congestion where it is exact, perhaps a shift where it is not.
        double stretch = 4 * Math.Pow(22 / 40.0, 0.55);
        Assert.Equal(AdaptivePhase.Confirm, AdaptiveLaw.Step(state, TestWindow.Of(22, stretch, 22, noise: 0.2), _settings).State.Phase);
        (state, _) = Following(40, TestWindow.Of(40, 4, 40, noise: 0.02));
        Assert.Equal(AdaptivePhase.Follow, AdaptiveLaw.Step(state, TestWindow.Of(22, stretch, 22, noise: 0.02), _settings).State.Phase);
    }

    [Fact]
    public void Test_CapacityGoesDuringIt_IsNoShift()
    {
        (AdaptiveState state, _) = Following(40, TestWindow.Of(40, 4, 40));
        (state, _) = AdaptiveLaw.Step(state, TestWindow.Of(22, 4, 22), _settings);

        // Back at 40, the work rate does not come back: 5.5 servers are all there is.
        (state, LimitDecision verdict) = AdaptiveLaw.Step(state, TestWindow.Of(40, 40 / 5.5, 40), _settings);
        Assert.Equal((LimitReason.Test, 22, BaselineMove.Hold), (verdict.Reason, verdict.Limit, verdict.Baselines.Move));
        Assert.Equal(AdaptivePhase.Follow, state.Phase);
    }

    [Fact]
    public void Test_StretchBelowOneInTheCut_ShortensBaselines()
    {
        // Baselines learnt five times too long: all looks calm until a cut shows a stretch that cannot be.
        AdaptiveState state = AdaptiveLaw.Start(_settings).State with { Doubts = 1 };
        (state, _) = AdaptiveLaw.Step(state, TestWindow.Of(20, 1.2, 20), _settings);
        (state, LimitDecision verdict) = AdaptiveLaw.Step(state, TestWindow.Of(11, 11 / 16.7, 11), _settings);
        Assert.Equal(BaselineMove.Scale, verdict.Baselines.Move);
        Assert.Equal(1.075 * 11 / 16.7, verdict.Baselines.Factor, 6);
        Assert.Equal(AdaptivePhase.Test, state.Phase);
        Assert.Equal(6, verdict.Limit);
    }

    [Fact]
    public void Test_AtTheMinimum_LooksUpwards()
    {
        LimitDecision decision = Following(4, TestWindow.Of(4, 4, 4)).Decision;
        Assert.Equal(new LimitDecision(7, 7, LimitReason.Test) { Pace = WindowPace.Careful }, decision);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(1, true)]
    [InlineData(10, false)]
    public void Dropped_BoundOrNot_ShrinksByATenth(int dropped, bool bound)
    {
        LimitDecision decision = Following(40, TestWindow.Of(40, 1.1, 40, bound, dropped: dropped, completions: 49)).Decision;
        Assert.Equal(new LimitDecision(36, 36, LimitReason.Dropped) { Pace = WindowPace.Heard }, decision);
    }

    [Fact]
    public void Dropped_OneInAThousand_IsAStrayFault()
        => Assert.Equal(40, Following(40, TestWindow.Of(40, 1.1, 40, dropped: 1, completions: 1000)).Decision.Limit);

    [Fact]
    public void Shadow_WindowWithRefusals_Holds()
    {
        LimitDecision decision = Following(40, TestWindow.Of(90, 3, 40, shadow: true)).Decision;
        Assert.Equal((LimitReason.Hold, 40), (decision.Reason, decision.Limit));
    }

    [Fact]
    public void Signal_HoldsTheGateLower_TeachesNothing()
    {
        LimitDecision decision = Following(40, TestWindow.Of(10, 1, 10)).Decision;
        Assert.Equal((LimitReason.Hold, 40), (decision.Reason, decision.Limit));
    }

    [Fact]
    public void NotBound_RoomToSpare_LearnsBaselines_NearTheLimitOnlyDownwards()
    {
        static BaselineMove Move(double inFlight, double stretch)
            => Following(40, TestWindow.Of(inFlight, stretch, 40, bound: false)).Decision.Baselines.Move;

        Assert.Equal(BaselineMove.Follow, Move(10, 1.3));
        Assert.Equal(BaselineMove.Hold, Move(10, 1.7));
        Assert.Equal(BaselineMove.Hold, Move(35, 1.3));
        Assert.Equal(BaselineMove.Hold, Move(35, 0.9)); // May be noise, and only the lucky windows would be learnt from.
        Assert.Equal(BaselineMove.Follow, Move(35, 0.8));
    }

    [Theory]
    [InlineData(1.1, 1.1, true)] // Each dip costs as much work as concurrency: nobody hindered anybody.
    [InlineData(1.1, 0.92, false)] // Hardly any.
    public void Dip_WorkRateFallsInProportion_LooksForRoomAbove(double stretch, double stretchInDip, bool looks)
    {
        AdaptiveState state = Followed(40) with { DipsTaken = 5 };
        bool found = false;
        for (int i = 0; i < 60 && !found; i++)
        {
            double seen = state.Phase == AdaptivePhase.Dip ? stretchInDip : stretch;
            bool dipped = state.Phase == AdaptivePhase.Dip;
            (state, LimitDecision decision) = AdaptiveLaw.Step(state, TestWindow.Of(state.InForce, seen, state.InForce, noise: 0.02), _settings);
            found = dipped && decision.Reason == LimitReason.SlowStart;
        }

        Assert.Equal(looks, found);
    }

    [Fact]
    public void NotBound_Calm_RaisesALowLimitToTwiceThePeak()
        => Assert.Equal(10, Following(6, TestWindow.Of(4, 1, 6, bound: false, peak: 5)).Decision.Limit);

    [Fact]
    public void Step_AnyWindows_StaysWithinBoundsAndEvidence()
        => Gen.Select(Gen.Int[1, 30], Gen.Int[0, 2000], Gen.Int[1, 2000], WindowSpec.Array[1, 60]).Sample((min, over, initial, specs) =>
        {
            LimitSettings settings = _settings with { Min = min, Max = min + over, Initial = Math.Clamp(initial, min, min + over) };
            (AdaptiveState state, LimitDecision last) = AdaptiveLaw.Start(settings);
            int peak = 0;
            foreach ((double load, double stretch, bool bound, int dropped) in specs)
            {
                WindowSummary window = TestWindow.Of(last.Limit * load, stretch, last.Limit, bound, dropped: dropped);
                peak = Math.Max(peak, window.PeakInFlight);
                int nominalBefore = last.Nominal;
                double limitBefore = state.Limit;
                bool raised = state is { Phase: AdaptivePhase.SlowStart, Streak: > 0 };
                (state, last) = AdaptiveLaw.Step(state, window, settings);
                Assert.InRange(last.Limit, settings.Min, settings.Max);
                Assert.InRange(last.Nominal, last.Limit, settings.Max);
                Assert.True(last.Nominal <= Math.Max(settings.Min, Math.Max(20, 4 * peak)));
                Assert.True(double.IsFinite(state.Limit));
                // A raise that was never used is taken back; what has been in use is not.
                double least = raised ? Math.Min(limitBefore, Math.Max(20, window.PeakInFlight)) : limitBefore;
                if (!bound && dropped == 0)
                {
                    Assert.True(state.Limit >= least - 1e-9, "Decayed without binding.");
                    Assert.True(state.Limit <= Math.Max(limitBefore, 2.0 * peak) + 1e-9, "Grew past twice the peak.");
                }

                if (!bound && dropped == 0 && last.Reason != LimitReason.Test)
                {
                    Assert.True(last.Nominal >= Math.Min(nominalBefore, (int)Math.Round(least)));
                }
            }
        });

    private static readonly Gen<(double Load, double Stretch, bool Bound, int Dropped)> WindowSpec =
        Gen.Select(Gen.Double[0.05, 1], Gen.Double[0.4, 9], Gen.Bool, Gen.Frequency((9, Gen.Const(0)), (1, Gen.Int[1, 60])));

    private static AdaptiveState Followed(int limit) => AdaptiveLaw.Start(_settings).State with
    {
        Phase = AdaptivePhase.Follow,
        Limit = limit,
        InForce = limit,
        Peak = limit,
        Verified = true,
    };

    private static (AdaptiveState State, LimitDecision Decision) Following(int limit, WindowSummary window)
        => AdaptiveLaw.Step(Followed(limit), window, _settings);
}
