using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Simulation.Tests.Chains;

public class ChainOfGatesTests
{
    private const double Never = double.PositiveInfinity;

    // Of 240 a second 120 come, a fifth of them critical. Slowed, it can do 40: enough for them, if they are let in.
    private const double SlowedTimes = 6;
    private const int SlowFrom = 8;
    private const int SlowUntil = 28;

    // The third and the fifth are what a client with time-outs, three services in a row, makes of it.
    public static readonly TheoryData<int, int> Chains = new(
        from gates in new[] { 1, 2, 5 }
        from seed in new[] { 1, 2, 3 }
        select new TheoryDataRow<int, int>(gates, seed));

    [Theory]
    [MemberData(nameof(Chains))]
    public void EveryGateAdaptive_LastServiceSlowed_CriticalIsServedAndAllAreAfterwards(int gates, int seed)
    {
        double[] longest = gates == 5 ? [Never, 1.5, Never, 0.75, Never] : [.. Enumerable.Repeat(Never, gates)];
        using ChainOfGates chain = new(longest, LimitAlgorithm.Adaptive, seed);
        chain.RunUntil(SlowFrom);
        chain.SlowedTimes = SlowedTimes;
        IReadOnlyDictionary<Priority, ChainOfGates.Tally> slowed = chain.Count();
        chain.RunUntil(SlowUntil);
        chain.SlowedTimes = 1;
        chain.Count();
        chain.RunUntil(SlowUntil + 5);
        IReadOnlyDictionary<Priority, ChainOfGates.Tally> after = chain.Count();
        chain.RunUntil(SlowUntil + 10);

        Assert.InRange(slowed[Priority.Critical].Share, 0.9, 1);
        Assert.True(slowed[Priority.Critical].Share > slowed[Priority.Low].Share);
        Assert.InRange((double)after.Values.Sum(t => t.Served) / after.Values.Sum(t => t.Offered), 0.95, 1);
    }
}
