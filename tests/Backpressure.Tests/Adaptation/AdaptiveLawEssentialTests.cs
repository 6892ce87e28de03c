using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

/// <summary>What a limit that learns leaves to the highest priorities.</summary>
public sealed class AdaptiveLawEssentialTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 1, Max = 1000 };

    // 120 a second come, 40 are served, each in half a second.
    private static readonly WindowSummary _slowed = TestWindow.Of(20, 10, 20, completions: 40) with { Arrivals = 120, FullArrivals = 120 };

    [Theory]
    [InlineData(0, 11)]
    [InlineData(6, 11)]
    [InlineData(24, 15)]
    public void Test_LeavesWhatCriticalNeeds(int critical, int limit)
    {
        LimitDecision decision = Step(Following(20), With(_slowed, critical)).Decision;

        Assert.Equal((LimitReason.Test, limit, 20), (decision.Reason, decision.Limit, decision.Nominal));
    }

    [Fact]
    public void Test_CriticalNeedsMoreThanRun_LetsThemIn()
        => Assert.Equal((LimitReason.Test, 21), ReasonAndLimit(Step(Following(20), With(_slowed, critical: 34)).Decision));

    [Fact]
    public void Test_CriticalNeedsAllThatRunAndMoreWereServedBefore_LooksUpwardsOnce()
    {
        AdaptiveState before = Step(Following(20), With(TestWindow.Of(20, 1.1, 20, completions: 80), critical: 34)).State;
        WindowSummary window = With(_slowed, critical: 34);

        (AdaptiveState state, LimitDecision up) = Step(before with { Limit = 20, InForce = 20 }, window);
        LimitDecision down = Step(state with { Phase = AdaptivePhase.Follow, Limit = 20, InForce = 20 }, window).Decision;

        Assert.Equal((LimitReason.Test, 36), ReasonAndLimit(up));
        Assert.Equal((LimitReason.Test, 11), ReasonAndLimit(down));
    }

    [Fact]
    public void Test_CriticalAsksForMoreThanIsServed_CutsAsDeepAsEver()
        => Assert.Equal(11, Step(Following(20), With(_slowed, critical: 60)).Decision.Limit);

    [Fact]
    public void Test_NobodyIsLessImportant_CutsAsDeepAsEver()
        => Assert.Equal(11, Step(Following(20), _slowed with { FullByPriority = new PriorityCounts(24, 0, 0, 0) }).Decision.Limit);

    [Fact]
    public void Verdict_Congestion_LeavesWhatCriticalNeeds()
    {
        AdaptiveState state = Step(Following(20), With(_slowed, critical: 24)).State;

        // As much work with 15: they wait for each other, though each still takes far longer than it used to.
        LimitDecision decision = Step(state, With(TestWindow.Of(15, 7.5, 15, completions: 40), critical: 24)).Decision;

        Assert.Equal((LimitReason.Test, 12), (decision.Reason, decision.Limit));
    }

    [Fact]
    public void Follow_TooSoonForATest_LeavesWhatCriticalNeeds()
    {
        AdaptiveState resting = Following(20) with { Rest = 2 };

        Assert.Equal(8, Step(resting, _slowed).Decision.Limit);
        Assert.Equal(15, Step(resting, With(_slowed, critical: 24)).Decision.Limit);
    }

    [Fact]
    public void NotBound_ForLong_LongerLatencyIsNoReasonToCut()
    {
        WindowSummary window = TestWindow.Of(10, 6, 20, bound: false);
        AdaptiveState state = Following(20);
        List<LimitReason> reasons = [];
        for (int i = 0; i < 20; i++)
        {
            reasons.Add(Step(state with { Rest = 0 }, window).Decision.Reason);
            state = Step(state with { Rest = 2 }, window).State;
        }

        Assert.Equal(LimitReason.Test, reasons[0]);
        Assert.Equal(LimitReason.NotBound, reasons[^1]);
    }

    [Theory]
    [InlineData(0.001, 36)]
    [InlineData(3, 32)]
    public void Dropped_Again_NotBelowThoseThatAreServed(double droppedLatency, int limit)
    {
        (AdaptiveState state, LimitDecision first) = Step(Following(40), TestWindow.Of(40, 1.1, 40, dropped: 20));
        LimitDecision second = Step(state, TestWindow.Of(36, 1.1, 36, dropped: 20, droppedLatency: droppedLatency)).Decision;

        Assert.Equal((36, limit), (first.Limit, second.Limit));
    }

    private static (LimitReason Reason, int Limit) ReasonAndLimit(LimitDecision decision) => (decision.Reason, decision.Limit);

    private static WindowSummary With(WindowSummary window, int critical)
        => window with { Arrivals = 120, FullArrivals = 120, FullByPriority = new PriorityCounts(critical, 0, 80 - critical, 40) };

    private static AdaptiveState Following(int limit)
        => AdaptiveLaw.Start(_settings).State with
        {
            Phase = AdaptivePhase.Follow,
            Limit = limit,
            InForce = limit,
            Verified = true,
            Peak = 100,
        };

    private static (AdaptiveState State, LimitDecision Decision) Step(AdaptiveState state, WindowSummary window)
        => AdaptiveLaw.Step(state, window, _settings);
}
