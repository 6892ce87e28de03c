using Backpressure.Adaptation;
using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Adaptation;

public sealed class DemandTests
{
    [Theory]
    [InlineData(0, 0, 0, 0, false)]
    [InlineData(1, 0, 0, 0, true)]
    [InlineData(0, 1, 0, 0, true)]
    [InlineData(0, 0, 1, 0, true)]
    [InlineData(0, 0, 0, 1, true)]
    public void IsKnown_OnceAnybodyCame(double critical, double high, double normal, double low, bool expected)
        => Assert.Equal(expected, new Demand(critical, high, normal, low).IsKnown);

    // 300 came in 2 s, 50 met the gate full: each of these stands for 6, so 3 a second.
    [Fact]
    public void With_TheFirstWindow_TakesItsRatesAsTheyAre()
    {
        Demand demand = default(Demand).With(Window(300, 50, 2, 40, new(5, 10, 15, 20)));
        Assert.Equal((15, 30, 45, 60), (demand.Critical, demand.High, demand.Normal, demand.Low));
        Assert.Equal(20, demand.Served); // 40 in 2 s.
    }

    [Fact]
    public void With_ALaterWindow_MovesByThreeTenths()
    {
        // 2 a second for each that met the gate full: 20, 10, 40 and 30 a second.
        Demand demand = new Demand(10, 20, 30, 40).With(Window(100, 50, 1, 40, new(10, 5, 20, 15)));
        Assert.Equal(13, demand.Critical, 12);
        Assert.Equal(17, demand.High, 12);
        Assert.Equal(33, demand.Normal, 12);
        Assert.Equal(37, demand.Low, 12);
        Assert.Equal(40, demand.Served);
    }

    [Fact]
    public void With_NobodyMetAFullGate_KnowsNobodyYet()
    {
        Demand demand = default(Demand).With(Window(100, 0, 1, 100, default));
        Assert.False(demand.IsKnown);
        Assert.Equal(100, demand.Served);
    }

    [Theory]
    [InlineData(90, 97)] // Less is served: the most is forgotten by 3 in 100.
    [InlineData(97, 97)]
    [InlineData(98, 98)] // More than that is the most.
    public void With_LessServed_RemembersTheMostForAWhile(int completions, double expected)
    {
        Demand demand = default(Demand).With(Window(200, 100, 1, 100, new(50, 50, 0, 0)));
        Assert.Equal(expected, demand.With(Window(200, 100, 1, completions, new(50, 50, 0, 0))).Served, 12);
    }

    // Of a rate r and a latency of 1 s: r + √r in flight.
    [Theory]
    [InlineData(4, 5, 7, 9, 20)] // All but the lowest, 16 + 4.
    [InlineData(4, 5, 7, 0, 12)] // Normal is the lowest now: 9 + 3.
    [InlineData(4, 5, 0, 0, 6)]
    [InlineData(4, 0, 0, 5, 6)] // Priorities that nobody has change nothing.
    [InlineData(0, 0, 4, 5, 6)]
    [InlineData(4, 0, 0, 0, 0)] // The only priority is the lowest too: somebody has to wait.
    [InlineData(0, 0, 0, 4, 0)]
    [InlineData(0, 0, 0, 0, 0)]
    public void Essential_IsWhatAllButTheLowestNeed(int critical, int high, int normal, int low, double expected)
        => Assert.Equal(expected, Asking(new(critical, high, normal, low), 100).Essential(1), 12);

    [Theory]
    [InlineData(10, 12)] // 9 is nine tenths of 10, and still served: 9 + 3.
    [InlineData(9, 6)] // 9 is more than 8.1: only critical, 4 + 2.
    [InlineData(4, 0)] // Even critical is more than 3.6.
    public void Essential_AsFarAsThereIsRoomForThem(int served, double expected)
        => Assert.Equal(expected, Asking(new(4, 5, 0, 9), served).Essential(1), 12);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.25, 2)] // 4 × 0.25 = 1, and √1.
    [InlineData(4, 20)] // 16 + 4.
    public void Essential_GrowsWithTheLatency(double latency, double expected)
        => Assert.Equal(expected, Asking(new(4, 0, 0, 5), 100).Essential(latency), 12);

    // In one second as many come by priority as asked for, and all of them meet a full gate.
    private static Demand Asking(PriorityCounts rates, int served)
        => default(Demand).With(Window(rates.Sum, rates.Sum, 1, served, rates));

    private static WindowSummary Window(long arrivals, long full, double seconds, int completions, PriorityCounts byPriority)
        => TestWindow.Of(10, 1, 10, seconds: seconds, completions: completions) with
        {
            Arrivals = arrivals,
            FullArrivals = full,
            FullByPriority = byPriority,
        };
}
