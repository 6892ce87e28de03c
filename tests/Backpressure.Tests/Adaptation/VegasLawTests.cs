using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class VegasLawTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Vegas, Initial = 10, Min = 1, Max = 20 };
    private static readonly LimitSettings _wide = _settings with { Initial = 100, Max = 1000 };

    public static TheoryData<string, int, int, double, bool, double[], int[], int[]> PublishedCases => new()
    {
        // name, initial, most, smoothing, halving, latencies in ms, in flight, expected limits. Each with the number that
        // VegasLimitTest of Netflix concurrency-limits expects, the first sample being the first latency seen.
        { "increaseLimit", 10, 20, 1, false, [10, 10], [10, 11], [10, 16] },
        { "decreaseLimit", 10, 20, 1, false, [10, 50], [10, 11], [10, 9] },
        { "noChangeIfWithinThresholds", 10, 20, 1, false, [10, 14], [10, 14], [10, 10] },
        { "largeLimitIncrease", 10_000, 20_000, 1, false, [10_000, 10_000], [5000, 6000], [10_000, 10_024] },
        { "decreaseSmoothing", 100, 200, 0.5, true, [10, 20, 20], [100, 100, 100], [100, 75, 56] },
        { "decreaseWithoutSmoothing", 100, 200, 1, true, [10, 20, 20], [100, 100, 100], [100, 50, 25] },
    };

    [Theory]
    [MemberData(nameof(PublishedCases))]
    public void Update_PublishedCase_ReachesThePublishedLimits(
        string name, int initial, int most, double smoothing, bool halving, double[] milliseconds, int[] inFlight, int[] expected)
    {
        Assert.NotEmpty(name);
        LimitSettings settings = _settings with { Initial = initial, Max = most };
        VegasTuning tuning = new(smoothing, halving ? static limit => limit / 2 : null);
        VegasState state = VegasLaw.Start(settings).State;
        List<int> limits = [];
        foreach ((double latency, int running) in milliseconds.Zip(inFlight))
        {
            (state, LimitDecision decision) = VegasLaw.Update(state, Sample(latency, running), settings, tuning);
            limits.Add(decision.Limit);
        }

        Assert.Equal(expected, limits);
    }

    [Theory]
    [InlineData(100, 100, 100, 112, nameof(LimitReason.SlowStart))] // Queue 0: more by beta.
    [InlineData(100, 102, 100, 112, nameof(LimitReason.SlowStart))] // 2, the threshold.
    [InlineData(100, 103, 100, 102, nameof(LimitReason.Increase))] // 3.
    [InlineData(100, 105, 100, 102, nameof(LimitReason.Increase))] // 5.
    [InlineData(100, 106, 100, 100, nameof(LimitReason.Hold))] // 6, alpha.
    [InlineData(100, 113, 100, 100, nameof(LimitReason.Hold))] // 12, beta.
    [InlineData(100, 114, 100, 98, nameof(LimitReason.Follow))] // 13.
    [InlineData(100, 100, 49, 100, nameof(LimitReason.NotBound))]
    [InlineData(100, 100, 50, 112, nameof(LimitReason.SlowStart))]
    public void Update_QueueOfLength_MovesByIt(int limit, double milliseconds, int inFlight, int expected, string reason)
    {
        VegasState state = Start(limit) with { NoLoad = 0.1 };
        LimitDecision decision = VegasLaw.Update(state, Sample(milliseconds, inFlight), _wide, VegasTuning.Default).Decision;
        Assert.Equal(new LimitDecision(expected, expected, Enum.Parse<LimitReason>(reason)), decision);
    }

    [Theory]
    [InlineData(9, 8)]
    [InlineData(10, 9)]
    [InlineData(99, 98)]
    [InlineData(100, 98)]
    [InlineData(999, 997)]
    [InlineData(1000, 997)]
    [InlineData(10_000, 9996)]
    [InlineData(100_000, 99_995)]
    [InlineData(1, 1)]
    public void Update_AnyDropped_FallsByTheLogarithm(int limit, int expected)
    {
        VegasState state = Start(limit) with { NoLoad = 0.01 };
        SampleWindow sample = Sample(10, 1) with { Dropped = true };
        LimitDecision decision = VegasLaw.Update(state, sample, _wide with { Max = 100_000 }, VegasTuning.Default).Decision;
        Assert.Equal(new LimitDecision(expected, expected, LimitReason.Dropped), decision);
    }

    [Fact]
    public void Update_BeyondTheBounds_StaysWithin()
    {
        Assert.Equal(20, VegasLaw.Update(Start(18) with { NoLoad = 0.01 }, Sample(10, 18), _settings, VegasTuning.Default).Decision.Limit);
        LimitSettings four = _settings with { Min = 4 };
        Assert.Equal(4, VegasLaw.Update(Start(4) with { NoLoad = 0.01 }, Sample(500, 4) with { Dropped = true }, four, VegasTuning.Default).Decision.Limit);
    }

    [Fact]
    public void Update_ShorterLatency_OnlyBecomesTheOneOfAnEmptyDownstream()
    {
        (VegasState state, LimitDecision decision) = VegasLaw.Update(
            Start(10) with { NoLoad = 0.02 }, Sample(10, 10), _settings, VegasTuning.Default);
        Assert.Equal(0.01, state.NoLoad, 9);
        Assert.Equal(10, decision.Limit);
    }

    [Fact]
    public void Update_EveryFifteenToThirtyLimits_ProbesWhateverIsSeen()
    {
        List<int> intervals = [];
        for (int i = 0; i < 200; i++)
        {
            VegasState state = VegasLaw.Update(Start(10), Sample(10 + (0.001 * i), 1), _settings, VegasTuning.Default).State;
            int updates = 0;
            while (state.NoLoad < 0.04)
            {
                // One in flight: the limit stays where the interval was reckoned from.
                state = VegasLaw.Update(state, Sample(40, 1), _settings, VegasTuning.Default).State;
                updates++;
            }

            Assert.Equal(10, state.Limit);
            Assert.Equal(0, state.Updates);
            intervals.Add(updates + 1);
        }

        Assert.InRange(intervals.Min(), 150, 165);
        Assert.InRange(intervals.Max(), 285, 300);
        Assert.InRange(intervals.Average(), 210, 240);
    }

    [Fact]
    public void Step_WindowsOfATenth_AreJudgedByTheSecond()
    {
        VegasState state = VegasLaw.Start(_settings).State;
        List<int> limits = [];
        for (int i = 0; i < 40; i++)
        {
            WindowSummary window = TestWindow.Of(10, 1, (int)state.Limit, seconds: 0.125) with { LatencySum = 5 };
            (state, LimitDecision decision) = VegasLaw.Step(state, window, _settings with { Max = 100 });
            limits.Add(decision.Limit);
        }

        Assert.Equal(0.1, state.NoLoad, 9);
        Assert.Equal([.. Enumerable.Repeat(10, 15), .. Enumerable.Repeat(16, 8), .. Enumerable.Repeat(22, 8), .. Enumerable.Repeat(22, 9)], limits);
    }

    [Fact]
    public void Step_DroppedInOneWindowOfTheSecond_CountsWithTheTimeItTook()
    {
        VegasState state = Start(10) with { NoLoad = 0.1 };
        WindowSummary calm = TestWindow.Of(10, 1, 10, seconds: 0.5) with { LatencySum = 5 };
        state = VegasLaw.Step(state, TestWindow.Of(10, 1, 10, dropped: 50, droppedLatency: 0.5, seconds: 0.5) with { LatencySum = 5 }, _settings).State;
        Assert.Equal(0.3, state.Open.Latency, 9);
        (state, LimitDecision decision) = VegasLaw.Step(state, calm, _settings);
        Assert.Equal(new LimitDecision(9, 9, LimitReason.Dropped), decision);
        Assert.Equal(default, state.Open);
    }

    [Fact]
    public void Step_TooFewOrTooQuick_IsForgotten()
    {
        VegasState state = Start(10);
        Assert.Equal(state, VegasLaw.Step(state, TestWindow.Of(10, 1, 10, completions: 9), _settings).State);
        Assert.Equal(state, VegasLaw.Step(state, TestWindow.Of(10, 1, 10) with { LatencySum = 50 * 99e-6 }, _settings).State);
        Assert.NotEqual(state, VegasLaw.Step(state, TestWindow.Of(10, 1, 10, completions: 10), _settings).State);
    }

    [Fact]
    public void Step_WindowThatShowsNoLimitOfItsOwn_Holds()
    {
        VegasState state = Start(20) with { NoLoad = 0.001 };
        LimitSettings settings = _settings with { Max = 100 };
        Assert.Equal(LimitReason.Hold, VegasLaw.Step(state, TestWindow.Of(30, 1, 20, shadow: true, dropped: 3), settings).Decision.Reason);
        Assert.Equal(LimitReason.Hold, VegasLaw.Step(state, TestWindow.Of(10, 1, 10, dropped: 3), settings).Decision.Reason);
        Assert.Equal(LimitReason.Dropped, VegasLaw.Step(state, TestWindow.Of(20, 1, 20, dropped: 3), settings).Decision.Reason);
    }

    [Fact]
    public void Reconfigure_NewBounds_KeepsWhatWasLearnt()
    {
        VegasLaw law = new(_settings);
        law.Step(TestWindow.Of(10, 1, 10));
        law.Step(TestWindow.Of(10, 1, 10));
        Assert.Equal(16, law.Current.Limit);
        Assert.Equal(new LimitDecision(16, 16, LimitReason.Configured), law.Reconfigure(_settings with { Max = 100 }));
        Assert.Equal(12, law.Reconfigure(_settings with { Initial = 5, Max = 12 }).Limit);
        Assert.Equal(0.2, law.State.NoLoad, 9);
        Assert.Equal(12, law.State.Limit);
    }

    [Fact]
    public void Start_LimitInUse_IsKeptWithinTheBounds()
    {
        Assert.Equal(17, new VegasLaw(_settings, inUse: 17).Current.Limit);
        Assert.Equal(20, new VegasLaw(_settings, inUse: 50).Current.Limit);
        Assert.Equal(10, new VegasLaw(_settings).Current.Limit);
    }

    private static VegasState Start(int limit) => VegasLaw.Start(_wide with { Initial = limit, Max = 100_000 }).State;

    private static SampleWindow Sample(double milliseconds, int inFlight) => new(1, 10, milliseconds / 100, inFlight, false);
}
