using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class Gradient2LawTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Gradient2, Initial = 20, Min = 4, Max = 200 };

    [Theory]
    [InlineData(100, 20, 20.8, nameof(LimitReason.Increase))] // As usual: 0.2 × 4 more.
    [InlineData(50, 20, 20.8, nameof(LimitReason.Increase))] // Quicker earns nothing extra.
    [InlineData(150, 20, 20.8, nameof(LimitReason.Increase))] // 1.5 times is tolerated.
    [InlineData(200, 20, 19.8, nameof(LimitReason.Follow))] // 0.75: 0.8 × 20 + 0.2 × (15 + 4).
    [InlineData(250, 20, 19.2, nameof(LimitReason.Follow))] // 0.6: 0.8 × 20 + 0.2 × (12 + 4).
    [InlineData(900, 20, 18.8, nameof(LimitReason.Follow))] // At most by half: 0.8 × 20 + 0.2 × (10 + 4).
    [InlineData(900, 10, 18.8, nameof(LimitReason.Follow))]
    [InlineData(900, 9, 20, nameof(LimitReason.NotBound))]
    public void Update_LatencyAgainstTheUsual_MovesByTheGradient(double milliseconds, int inFlight, double expected, string reason)
    {
        // So long a memory that one sample hardly moves it.
        Gradient2State state = Start(20) with { Long = new LongAverage(int.MaxValue - 1, 0.1, 10) };
        (state, LimitDecision decision) = Gradient2Law.Update(state, Sample(milliseconds, inFlight), _settings);
        Assert.Equal(expected, state.Limit, 6);
        Assert.Equal(new LimitDecision((int)expected, (int)expected, Enum.Parse<LimitReason>(reason)), decision);
    }

    [Fact]
    public void Update_SteadyLatency_GrowsByAFifthOfTheQueueAllowed()
    {
        Gradient2State state = Start(20);
        for (int i = 0; i < 100; i++)
        {
            state = Gradient2Law.Update(state, Sample(100, (int)state.Limit), _settings).State;
        }

        Assert.Equal(100, state.Limit, 6);
        for (int i = 0; i < 200; i++)
        {
            state = Gradient2Law.Update(state, Sample(100, (int)state.Limit), _settings).State;
        }

        Assert.Equal(200, state.Limit, 6);
    }

    [Fact]
    public void Update_FarAboveTheUsual_ComesToRestWhereTheQueueBalancesTheCut()
    {
        // L = 0.5 L + 4.
        Gradient2State state = Start(100) with { Long = new LongAverage(int.MaxValue - 1, 0.001, 10) };
        for (int i = 0; i < 100; i++)
        {
            state = Gradient2Law.Update(state, Sample(900, 200), _settings).State;
        }

        Assert.Equal(8, state.Limit, 1);
        Assert.Equal(12, Gradient2Law.Update(state, Sample(900, 200), _settings with { Min = 12 }).Decision.Limit);
    }

    [Fact]
    public void Update_UsualTwiceThePresent_ForgetsATwentiethMore()
    {
        Gradient2State state = Start(20) with { Long = new LongAverage(600, 0.1, 10) };
        double averaged = state.Long.With(0.04).Value;
        Assert.Equal(0.95 * averaged, Gradient2Law.Update(state, Sample(40, 20), _settings).State.Long.Value, 9);
        Assert.Equal(0.95 * averaged, Gradient2Law.Update(state, Sample(40, 1), _settings).State.Long.Value, 9);
        averaged = state.Long.With(0.06).Value;
        Assert.Equal(averaged, Gradient2Law.Update(state, Sample(60, 20), _settings).State.Long.Value, 9);
    }

    [Fact]
    public void Step_WindowsOfATenth_AreJudgedByTheSecond()
    {
        Gradient2State state = Gradient2Law.Start(_settings).State;
        List<int> limits = [];
        for (int i = 0; i < 24; i++)
        {
            WindowSummary window = TestWindow.Of(20, 1, (int)state.Limit, seconds: 0.125) with { LatencySum = 5 };
            (state, LimitDecision decision) = Gradient2Law.Step(state, window, _settings);
            limits.Add(decision.Limit);
        }

        Assert.Equal(3, state.Long.Count);
        Assert.Equal(0.1, state.Long.Value, 9);
        Assert.Equal([.. Enumerable.Repeat(20, 15), .. Enumerable.Repeat(21, 8), 22], limits);
    }

    [Fact]
    public void Step_Dropped_CountsByTheTimeItTook()
    {
        Gradient2State state = Start(20) with { Long = new LongAverage(600, 0.1, 10) };
        WindowSummary answered = TestWindow.Of(20, 1, 20) with { LatencySum = 5 };
        WindowSummary timedOut = answered with { Dropped = 50, DroppedSamples = 50, DroppedLatencySum = 50 };
        WindowSummary refused = answered with { Dropped = 50, DroppedSamples = 50, DroppedLatencySum = 0.05 };
        Assert.Equal(18, Gradient2Law.Step(state, timedOut, _settings).Decision.Limit);
        Assert.Equal(20, Gradient2Law.Step(state, refused, _settings).Decision.Limit);
        Assert.Equal(LimitReason.Increase, Gradient2Law.Step(state, refused, _settings).Decision.Reason);
    }

    [Fact]
    public void Step_TooFewOrTooQuick_IsForgotten()
    {
        Gradient2State state = Start(20);
        Assert.Equal(state, Gradient2Law.Step(state, TestWindow.Of(20, 1, 20, completions: 9), _settings).State);
        Assert.Equal(state, Gradient2Law.Step(state, TestWindow.Of(20, 1, 20) with { LatencySum = 50 * 99e-6 }, _settings).State);
        Assert.NotEqual(state, Gradient2Law.Step(state, TestWindow.Of(20, 1, 20, completions: 10), _settings).State);
    }

    [Fact]
    public void Step_WindowThatShowsNoLimitOfItsOwn_Holds()
    {
        Gradient2State state = Start(20) with { Open = new SampleWindow(0.9, 10, 1, 20, false) };
        foreach (WindowSummary window in new[] { TestWindow.Of(30, 1, 20, shadow: true), TestWindow.Of(10, 1, 10) })
        {
            (Gradient2State next, LimitDecision decision) = Gradient2Law.Step(state, window, _settings);
            Assert.Equal(LimitReason.Hold, decision.Reason);
            Assert.Equal(state with { Open = default }, next);
        }
    }

    [Fact]
    public void Reconfigure_NewBounds_KeepsWhatWasLearnt()
    {
        Gradient2Law law = new(_settings);
        law.Step(TestWindow.Of(20, 1, 20));
        law.Step(TestWindow.Of(20, 1, 20));
        Assert.Equal(21, law.Current.Limit);
        Assert.Equal(new LimitDecision(21, 21, LimitReason.Configured), law.Reconfigure(_settings with { Max = 100 }));
        Assert.Equal(12, law.Reconfigure(_settings with { Initial = 5, Max = 12 }).Limit);
        Assert.Equal(0.4, law.State.Long.Value, 9);
        Assert.Equal(12, law.State.Limit);
    }

    [Fact]
    public void Start_LimitInUse_IsKeptWithinTheBounds()
    {
        Assert.Equal(17, new Gradient2Law(_settings, inUse: 17).Current.Limit);
        Assert.Equal(200, new Gradient2Law(_settings, inUse: 500).Current.Limit);
        Assert.Equal(20, new Gradient2Law(_settings).Current.Limit);
    }

    private static Gradient2State Start(int limit) => Gradient2Law.Start(_settings with { Initial = limit }).State;

    private static SampleWindow Sample(double milliseconds, int inFlight) => new(1, 10, milliseconds / 100, inFlight, false);
}
