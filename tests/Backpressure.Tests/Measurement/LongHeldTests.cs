using Backpressure.Measurement;
using CsCheck;
using Xunit;

namespace Backpressure.Tests.Measurement;

/// <summary>Units that stay taken while all others come and go. A latency is ten ticks, so an epoch is old enough after a hundred.</summary>
public sealed class LongHeldTests
{
    private const int Latency = 10;
    private readonly LongHeld _longHeld = new();
    private readonly List<(long StartedAt, int Cost)> _running = [];
    private long _now;
    private long _departed;

    private int InFlight => _running.Sum(r => r.Cost);

    [Fact]
    public void Units_OfThoseThatStayWhileOthersComeAndGo()
    {
        Start(3);
        Pass(rounds: 25, atOnce: 7);

        Assert.Equal(3, _longHeld.Units);
        Assert.InRange(_longHeld.Since, _running[^1].StartedAt, _now - (10 * Latency));
    }

    [Fact]
    public void Units_CountTheirCost()
    {
        Start(1, cost: 4);
        Pass(rounds: 25, atOnce: 7);
        Assert.Equal(4, _longHeld.Units);
    }

    [Fact]
    public void Units_OfThoseThatHaveLeft_AreNone()
    {
        Start(3);
        Pass(rounds: 25, atOnce: 7);
        Start(7);
        End(0);
        Look();
        Assert.Equal(2, _longHeld.Units);
        End(0);
        End(0);
        Look();
        Assert.Equal(0, _longHeld.Units);
    }

    // They have been there for longer than ten latencies, but not since an epoch that is as old.
    [Fact]
    public void Units_BeforeTheirEpochIsOldEnough_AreNone()
    {
        Pass(rounds: 25, atOnce: 7);
        Start(3);
        Pass(rounds: 10, atOnce: 7);
        Assert.Equal(0, _longHeld.Units);
        Pass(rounds: 15, atOnce: 7);
        Assert.Equal(3, _longHeld.Units);
    }

    // Half of them take a hundred times as long: such a moment in flight belongs to a latency of a thousand.
    [Fact]
    public void Units_WhereAMomentBelongsToLongOnes_WaitForEightOfThem()
    {
        Start(3);
        Pass(rounds: 300, atOnce: 7, residence: 1000);
        Assert.Equal(0, _longHeld.Units);
        Pass(rounds: 1400, atOnce: 7, residence: 1000);
        Assert.Equal(3, _longHeld.Units);
    }

    [Fact]
    public void Units_WhereAllStandsStill_AreNone()
    {
        Pass(rounds: 25, atOnce: 7);
        Start(7);
        for (int i = 0; i < 100; i++)
        {
            _now += Latency;
            Look();
        }

        Assert.Equal(0, _longHeld.Units);
    }

    // Four times what is in flight besides them must have passed since: seven at once, four times over.
    [Theory]
    [InlineData(27, 0)]
    [InlineData(28, 3)]
    public void Units_UntilTheOthersAreTurnedOver_AreNone(int passed, double units)
    {
        Start(3);
        Start(7);
        Look();
        Look();
        _now += 100;
        Look();
        Look();
        for (int i = 0; i < passed; i++)
        {
            _now++;
            Start(1);
            End(3);
        }

        // Those seven that were there at the beginning have left as well.
        End(3);
        Start(1);
        for (int i = 0; i < 6; i++)
        {
            End(3);
            Start(1);
        }

        Look();
        Assert.Equal(units, _longHeld.Units);
    }

    [Fact]
    public void Units_WhereNothingHasALatencyYet_AreNone()
    {
        Start(3);
        Pass(rounds: 100, atOnce: 7, latency: 0);
        Assert.Equal(0, _longHeld.Units);
    }

    // One that stands for others may stand for any of those that were there.
    [Fact]
    public void Units_WhereOneStandsForMany_AreNone()
    {
        Start(3);
        Pass(rounds: 25, atOnce: 7);
        Start(7);
        _longHeld.Sampled(_now);
        Look();
        Assert.Equal(0, _longHeld.Units);

        // From the second epoch after it on it is known again.
        Pass(rounds: 12, atOnce: 7);
        Assert.Equal(0, _longHeld.Units);
        Pass(rounds: 24, atOnce: 7);
        Assert.Equal(3 + 7, _longHeld.Units);
    }

    [Fact]
    public void Units_AreThreeQuartersOfAllAtMost()
    {
        Start(13);
        Pass(rounds: 25, atOnce: 7);
        Assert.Equal(13, _longHeld.Units);
        Start(1);
        Start(90);
        Pass(rounds: 25, atOnce: 7);
        Assert.Equal(0.75 * (104 + 7), _longHeld.Units);
    }

    // From five to one: what is given back is no unit that stays.
    [Fact]
    public void Units_OfOneThatGivesSomeBack_AreWhatItKeeps()
    {
        Start(1, 5);
        Pass(rounds: 25, atOnce: 7);
        Assert.Equal(5, _longHeld.Units);
        _longHeld.Left(_running[0].StartedAt, 4);
        _running[0] = (_running[0].StartedAt, 1);
        Start(7);
        Look();
        Assert.Equal(1, _longHeld.Units);
    }

    // In every epoch one ends and one starts, and each is noted an epoch and a half after it has started.
    [Fact]
    public void Units_WhereTheyEndAndStartAllTheTime_CountThoseThatAreNotNotedYet()
    {
        Start(10);
        for (int i = 0; i < 150; i++)
        {
            Pass(rounds: 11, atOnce: 7);
            (long startedAt, int cost) = _running[0];
            if (startedAt <= _longHeld.Since)
            {
                _longHeld.Ended(cost);
            }

            End(0);
            Start(1);
        }

        Pass(rounds: 1, atOnce: 7);
        Assert.Equal(10, _longHeld.Units, 1.0);
        Assert.Equal(Math.Sqrt(_longHeld.Units - _longHeld.Noted), _longHeld.Error, 9);

        // They end, and no other starts: that is noticed by and by.
        while (_running.Count > 0)
        {
            End(0);
        }

        Pass(rounds: 10, atOnce: 7);
        Assert.InRange(_longHeld.Units, 0.5, 2.5);
        Pass(rounds: 1000, atOnce: 7);
        Assert.Equal(0, _longHeld.Units);
    }

    [Fact]
    public void Since_AfterTheLastHasLeft_TellsThoseOfItsEpochUntilTheNextIsNoted()
    {
        Start(1);
        Pass(rounds: 25, atOnce: 7);
        long since = _longHeld.Since;
        End(0);
        Look();
        Assert.Equal((0, since), (_longHeld.Units, _longHeld.Since));
        Pass(rounds: 25, atOnce: 7);
        Assert.Equal(long.MinValue, _longHeld.Since);
    }

    [Fact]
    public void Stop_ForgetsThem()
    {
        Start(3);
        Pass(rounds: 25, atOnce: 7);
        _longHeld.Stop();
        Assert.Equal((0, long.MinValue), (_longHeld.Units, _longHeld.Since));
        Assert.Null(_longHeld.Mark().Epoch);
    }

    // Read with the others, it left before its epoch was noted.
    [Fact]
    public void Units_OfOneThatLeavesAsTheGateIsRead_AreNone()
    {
        Start(3);
        Look();
        LongHeldMark mark = _longHeld.Mark();
        int inFlight = InFlight;
        End(0);
        _longHeld.Look(mark, inFlight, _now, _departed, Latency, 0);
        Pass(rounds: 25, atOnce: 7, looks: 1);
        Assert.Equal(2, _longHeld.Units);
    }

    [Fact]
    public void Look_WithTheMarkOfAnEarlierReading_NotesNothing()
    {
        LongHeldMark before = _longHeld.Mark();
        Start(3);
        _longHeld.Look(before, 0, _now, _departed, Latency, 0);
        _longHeld.Look(before, 0, _now, _departed, Latency, 0);
        Pass(rounds: 25, atOnce: 7);
        Assert.Equal(3, _longHeld.Units);
    }

    /// <summary>Against a list of who was there when each epoch was noted.</summary>
    [Fact]
    public void EveryOperation_CountsAsAListOfThemDoes() => Gen.Select(Gen.Int[0, 9], Gen.Int[1, 4], Gen.Int[0, 60]).Array[1, 300].Sample(operations =>
    {
        var tested = new LongHeldTests();
        HashSet<(long, int)> older = [];
        HashSet<(long, int)> younger = [];
        (long youngerAt, long olderDeparted, long youngerDeparted) = (long.MinValue, 0, 0);
        bool pending = false;
        foreach ((int kind, int cost, int ticks) in operations)
        {
            tested._now++;
            if (kind < 4)
            {
                tested.Start(1, cost);
            }
            else if (kind < 7 && tested._running.Count > 0)
            {
                tested.End(ticks % tested._running.Count);
            }
            else
            {
                tested._now += ticks;
                if (pending)
                {
                    (older, olderDeparted) = (younger, youngerDeparted);
                    (younger, youngerAt, youngerDeparted) = ([.. tested._running], tested._now, tested._departed);
                    pending = false;
                }
                else
                {
                    pending = youngerAt == long.MinValue || tested._now - youngerAt >= 10 * Latency;
                }

                tested.Look();
                int there = tested._running.Where(older.Contains).Sum(r => r.Cost);
                int gone = older.Sum(r => r.Item2) - there;
                bool turnedOver = tested._departed - olderDeparted - gone >= 4 * Math.Max(1, tested.InFlight - there);
                Assert.Equal(turnedOver ? Math.Min(there, 0.75 * tested.InFlight) : 0, tested._longHeld.Units);
            }
        }
    });

    private void Start(int count, int cost = 1)
    {
        for (int i = 0; i < count; i++)
        {
            _now++;
            _running.Add((_now, cost));
        }
    }

    private void End(int which)
    {
        (long startedAt, int cost) = _running[which];
        _running.RemoveAt(which);
        _longHeld.Left(startedAt, cost);
        _departed += cost;
    }

    private void Look(double latency = Latency, double residence = 0)
        => _longHeld.Look(_longHeld.Mark(), InFlight, _now, _departed, latency, residence);

    // So many at once come and go, each in ten ticks.
    private void Pass(int rounds, int atOnce, double latency = Latency, double residence = 0, int looks = 2)
    {
        int staying = _running.Count;
        for (int i = 0; i < rounds; i++)
        {
            Start(atOnce);
            _now += Latency - atOnce;
            for (int look = 0; look < looks; look++)
            {
                Look(latency, residence);
            }

            for (int one = 0; one < atOnce; one++)
            {
                End(staying);
            }
        }
    }
}
