using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

/// <summary>Latencies are powers of e, so that their logarithms are 0, 1 and 2.</summary>
public sealed class RouteLatenciesTests
{
    private const double E2 = Math.E * Math.E;
    private readonly RouteLatencies _routes = new(1000);

    [Fact]
    public void UsualTicks_MovesByAThirtySecond()
    {
        Assert.Equal(0, _routes.UsualTicks(1));
        _routes.Add(1, 1, 1);
        Assert.Equal(1000, _routes.UsualTicks(1));
        _routes.Add(1, 33, 1);
        Assert.Equal(2000, _routes.UsualTicks(1)); // 1 + 32 / 32 seconds.
        _routes.Discard();
        Assert.Equal(2000, _routes.UsualTicks(1)); // It is no window's.
    }

    [Fact]
    public void Add_MoreRoutesThanThereWasRoomFor_LosesNone()
    {
        _routes.Add(1, 1, 1);
        for (int route = 2; route <= 40; route++)
        {
            _routes.Add(route, 0.5, 1);
        }

        Assert.Equal(1000, _routes.UsualTicks(1));
        Assert.Equal(500, _routes.UsualTicks(40));
        Assert.Equal(0, _routes.UsualTicks(10_000));
        Assert.Equal(20.5, _routes.Work(), 12); // 1 + 39 × 0.5.
    }

    [Theory]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(40)] // More than twice as many as there is room for.
    public void UsualTicks_OfTheFirstRoute_WhateverItsNumber(int route)
    {
        Assert.Equal(0, _routes.UsualTicks(route));
        _routes.Add(route, 2, 1);
        Assert.Equal(2000, _routes.UsualTicks(route));
        Assert.Equal(0, _routes.UsualTicks(route + 1));
    }

    [Fact]
    public void Add_LatencyOfZero_CountsItsRouteOnce()
    {
        _routes.Add(1, 0, 1);
        _routes.Add(1, 2, 1);
        Assert.Equal(2, _routes.Work(), 12);
    }

    [Fact]
    public void Noise_NothingSeen_IsOne() => Assert.Equal(1, _routes.Noise());

    [Fact]
    public void Noise_NoTimeTaken_IsOne()
    {
        _routes.Add(1, 0, 1);
        Assert.Equal(1, _routes.Noise());
    }

    // Four samples' worth of a variance of 0.3 are known beforehand: 1.2 / 4.
    [Theory]
    [InlineData(1, 1, 0.24)] // No scatter in two, one of them free: 1.2 / 5.
    [InlineData(1, E2, 0.64)] // Logarithms 0 and 2, one from their mean each: (2 + 1.2) / 5.
    [InlineData(3, 3, 0.24)] // Relative: the size is nothing to it.
    public void Noise_OfTwo_IsTheRootOfHalfTheVariance(double first, double second, double variance)
    {
        _routes.Add(1, first, 1);
        _routes.Add(1, second, 1);
        Assert.Equal(Math.Sqrt(variance / 2), _routes.Noise(), 12);
    }

    [Fact]
    public void Noise_OfTwoThatStandForFourEach_IsThatOfTwo()
    {
        _routes.Add(1, 1, 4);
        _routes.Add(1, 1, 4);
        Assert.Equal(Math.Sqrt(0.12), _routes.Noise(), 12);
    }

    [Fact]
    public void Noise_DifferenceBetweenRoutes_IsNone()
    {
        _routes.Add(1, 3, 1);
        _routes.Add(2, 1, 1);
        Assert.Equal(Math.Sqrt(0.3 * 10) / 4, _routes.Noise(), 12); // Nothing is free: 0.3. (3² + 1²) / (3 + 1)².
    }

    [Theory]
    [InlineData(5, 1, 0.3)] // Four of five are free: too few to learn from.
    [InlineData(6, 1, 0.27)] // Five: a tenth of the way to 0.
    [InlineData(6, E2, 0.39)] // Logarithms 0 and 2 by turns: 6 / 5 = 1.2, a tenth of the way from 0.3.
    public void Learn_Variance_MovesByATenthFromFiveFreeOnesOn(int samples, double second, double expected)
    {
        for (int i = 0; i < samples; i++)
        {
            _routes.Add(1, i % 2 == 0 ? 1 : second, 1);
        }

        _routes.Learn(default);
        _routes.Discard();
        _routes.Add(1, 1, 1);
        Assert.Equal(Math.Sqrt(expected), _routes.Noise(), 12); // One sample has nothing free.
    }

    [Fact]
    public void Work_KnownRoutes_AreWithoutTheirStretch()
    {
        Learn(1, 1, 100);
        _routes.Add(1, 3, 1);
        _routes.Add(1, 3, 1);
        Assert.Equal(2, _routes.Work(), 9);
    }

    [Fact]
    public void Work_UnknownRoutes_AreTakenForAsStretchedAsTheOthers()
    {
        Learn(1, 4, 100);
        _routes.Add(1, 8, 1);
        _routes.Add(1, 8, 1);
        _routes.Add(2, 6, 1);
        Assert.Equal(11, _routes.Work(), 9); // Twice as long: 16 / 2 + 6 / 2.
        _routes.Learn(default);
        _routes.Discard();
        _routes.Add(2, 3, 1);
        Assert.Equal(3, _routes.Work(), 9); // And 3 is what it has learnt.
    }

    [Theory]
    [InlineData(100, Math.E)] // 100 before and 100 now: halfway from ln 1 = 0 to ln e² = 2.
    [InlineData(1000, 1.8964808793049517)] // The memory holds 400, a hundred say 128: 0.32 of the way, e^0.64.
    public void Learn_Follow_IsAPlainMeanUntilTheMemoryIsFull(int samplesBefore, double baseline)
    {
        Learn(1, 1, samplesBefore);
        Learn(1, E2, 100, BaselineChange.Follow);
        Assert.Equal(baseline, Baseline(1), 9);
    }

    [Fact]
    public void Learn_Hold_LeavesKnownBaselines()
    {
        Learn(1, 1, 100);
        Learn(1, E2, 100);
        Assert.Equal(1, Baseline(1), 9);
    }

    [Fact]
    public void Learn_Scale_MovesAllKnownRoutesAndTrustsThemLess()
    {
        Learn(1, 1, 100);
        Learn(2, 3, 10);
        _routes.Learn(BaselineChange.ScaleBy(Math.E));
        Assert.Equal(Math.E, Baseline(1), 9);
        Assert.Equal(3 * Math.E, Baseline(2), 9);

        // A hundred said 128 and now say 100; a hundred more say 128 of 228.
        Learn(1, Math.E * E2, 100, BaselineChange.Follow);
        Assert.Equal(1 + (2 * 128.0 / 228), Math.Log(Baseline(1)), 9);

        // Ten said 12.8, and still do.
        Learn(2, 3 * Math.E * E2, 10, BaselineChange.Follow);
        Assert.Equal(1, Math.Log(Baseline(2) / (3 * Math.E)), 9);
    }

    [Fact]
    public void Learn_Scale_GivesNoBaselineToRoutesThatHaveNone()
    {
        _routes.Learn(BaselineChange.ScaleBy(5));
        _routes.Add(1, 3, 1);
        Assert.Equal(3, _routes.Work(), 9);
    }

    private void Learn(int route, double latency, int samples, BaselineChange change = default)
    {
        for (int i = 0; i < samples; i++)
        {
            _routes.Add(route, latency, 1);
        }

        _routes.Learn(change);
        _routes.Discard();
    }

    // What of a latency of any length is work.
    private double Baseline(int route)
    {
        _routes.Add(route, 7, 1);
        double work = _routes.Work();
        _routes.Discard();
        return work;
    }
}
