using Backpressure.Kafka.Lag;

namespace Backpressure.Kafka.Tests.Lag;

public sealed class LagHistoryTests
{
    private readonly LagHistory _history = new();

    [Fact]
    public void Messages_AreWhatIsNotCommittedInAllPartitions()
    {
        LagSample sample = _history.Observe([new(0, 40, 0, 100), new(1, 7, 0, 7)], at: 0);

        Assert.Equal(60, sample.Messages);
    }

    [Fact]
    public void Lag_OfAGroupWithoutAnyCommit_IsNotKnown()
    {
        LagSample sample = _history.Observe([new(0, null, 0, 100), new(1, null, 0, 7)], at: 0);

        Assert.Equal(LagSample.Unknown, sample);
    }

    [Fact]
    public void PartitionWithoutACommit_CountsWhatHasComeSinceItWasSeen()
    {
        _history.Observe([new(0, 10, 0, 10), new(1, null, 0, 500)], at: 0);

        LagSample sample = _history.Observe([new(0, 10, 0, 10), new(1, null, 0, 503)], at: 2);

        Assert.Equal(3, sample.Messages);
    }

    [Fact]
    public void PartitionThatAppears_CountsAltogether()
    {
        _history.Observe([new(0, 10, 0, 10)], at: 0);

        LagSample sample = _history.Observe([new(0, 10, 0, 10), new(1, null, 0, 25)], at: 2);

        Assert.Equal(25, sample.Messages);
    }

    [Fact]
    public void MessagesThatAreNoLongerKept_AreNotLag()
    {
        Assert.Equal(20, _history.Observe([new(0, 5, 80, 100)], at: 0).Messages);
    }

    [Fact]
    public void TopicMadeAnew_WithCommitsBeyondItsEnd_HasNoLagAndNoNegativeOne()
    {
        _history.Observe([new(0, 100, 0, 100)], at: 0);

        Assert.Equal(0, _history.Observe([new(0, 100, 0, 3)], at: 2).Messages);
    }

    [Fact]
    public void Seconds_AreLagByTheRateOfCommits()
    {
        _history.Observe([new(0, 0, 0, 1000)], at: 0);

        LagSample sample = _history.Observe([new(0, 200, 0, 1000)], at: 10);

        Assert.Equal(40, sample.Seconds, 1e-9);
    }

    [Fact]
    public void Seconds_BeforeAnythingIsKnownOfTheRate_AreNotKnown_AndZeroWithoutLag()
    {
        Assert.Equal(double.NaN, _history.Observe([new(0, 0, 0, 1000)], at: 0).Seconds);
        Assert.Equal(double.NaN, _history.Observe([new(0, 0, 0, 1000)], at: 10).Seconds);
        Assert.Equal(0, _history.Observe([new(0, 1000, 0, 1000)], at: 12).Seconds);
    }

    [Fact]
    public void Seconds_OfAGroupThatStands_GrowBeyondAnyThreshold()
    {
        Observe(until: 60, rate: 10, behind: 50);
        double before = _history.Observe([new(0, 600, 0, 650)], at: 62).Seconds;
        double after = before;
        for (int at = 64; at <= 124; at += 2)
        {
            double now = _history.Observe([new(0, 600, 0, 650)], at).Seconds;
            Assert.True(now >= after, $"At {at} s it fell from {after} to {now}.");
            after = now;
        }

        Assert.InRange(before, 4, 7);
        Assert.True(after >= 50 * LagHistory.Window, $"{after}");
    }

    [Fact]
    public void Seconds_AfterAnIdleTime_GoByTheRateBeforeIt()
    {
        Observe(until: 60, rate: 10, behind: 0);
        for (int at = 62; at <= 600; at += 2)
        {
            Assert.Equal(0, _history.Observe([new(0, 600, 0, 600)], at).Seconds);
        }

        LagSample burst = _history.Observe([new(0, 600, 0, 1600)], at: 602);

        Assert.InRange(burst.Seconds, 95, 105);
    }

    [Fact]
    public void Seconds_WithCommitsEveryFiveSeconds_DoNotJump()
    {
        var seen = new List<double>();
        for (int at = 0; at <= 120; at++)
        {
            int committed = at / 5 * 5 * 10;
            seen.Add(_history.Observe([new(0, committed, 0, (at * 10) + 100)], at).Seconds);
        }

        Assert.All(seen.Skip(40), seconds => Assert.InRange(seconds, 8, 18));
    }

    [Fact]
    public void GroupThatIsSetBack_HasDoneNothingMeanwhile()
    {
        Observe(until: 60, rate: 10, behind: 0);

        LagSample sample = _history.Observe([new(0, 0, 0, 600)], at: 62);

        Assert.Equal(600, sample.Messages);
        Assert.InRange(sample.Seconds, 55, 65);
    }

    private void Observe(int until, int rate, int behind)
    {
        for (int at = 0; at <= until; at += 2)
        {
            _history.Observe([new(0, at * rate, 0, (at * rate) + behind)], at);
        }
    }
}
