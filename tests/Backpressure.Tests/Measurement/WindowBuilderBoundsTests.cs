using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

/// <summary>When a window closes to the tick, and what it holds to the request.</summary>
public sealed class WindowBuilderBoundsTests : WindowRig
{
    [Theory]
    [InlineData(10, 20, 63, false)]
    [InlineData(10, 20, 64, true)] // One latency after the change.
    [InlineData(20, 20, 64, true)]
    [InlineData(10, 5, 64, false)] // What was admitted under the higher limit still runs,
    [InlineData(10, 5, 255, false)]
    [InlineData(10, 5, 256, true)] // but for four latencies at most.
    public void TryClose_AfterAChange_OpensWhenItIsInForce(int inFlight, int limit, int after, bool opens)
    {
        Warm(64);
        _gate = _gate with { InFlight = inFlight, Limit = limit };
        _builder.Restart(_gate, _now, Settling.AfterChange);
        Assert.Null(Close(after));
        _gate = _gate with { InFlight = 0 };
        Leave(25, 64);
        Assert.Equal(opens, Close(144) is not null);
    }

    [Theory]
    [InlineData(64, 102, false)]
    [InlineData(64, 103, true)] // 0.1 s are 102.4 ticks.
    [InlineData(128, 127, false)]
    [InlineData(128, 128, true)] // A latency, where that is longer.
    public void TryClose_AfterDropped_OpensAfterATenthOfASecondAtLeast(int latency, int after, bool opens)
    {
        Warm(latency);
        _builder.Restart(_gate, _now, Settling.AfterDropped);
        Assert.Null(Close(after));
        Leave(25, latency);
        Assert.Equal(opens, Close(3 * latency) is not null);
    }

    [Fact]
    public void TryClose_DroppedBeforeAnyLatency_SettlesAndLearnsAllTheSame()
    {
        _meter.Dropped(-1);
        Assert.Equal(1, Close(1)!.Value.Dropped);
        _builder.Restart(_gate, _now, Settling.AfterDropped);
        Assert.Null(Close(103));

        // The first latencies tell how long to wait, whatever was dropped before them.
        Leave(25, 64);
        Assert.Null(Close(144));
        Leave(25, 64);
        Assert.Equal(25, Close(144)!.Value.Completions);
    }

    [Fact]
    public void TryClose_DroppedAmongTheVeryFirst_IsNotWithheld()
    {
        Leave(25, 64);
        _meter.Dropped(-1);
        Assert.Equal(1, Close(144)!.Value.Dropped);
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(51, false)] // More than 50 ms of an idle gate: they would dilute what now begins.
    public void TryClose_LoadBeginsToPress_KeepsAShortTimeBefore(int milliseconds, bool closes)
    {
        ServiceMeter meter = new(1000);
        WindowBuilder builder = new(meter, 1000, 0);
        meter.Dropped(-1);
        Assert.Equal(closes, builder.TryClose(_gate with { FullArrivals = 10 }, milliseconds, WindowPace.Usual, out _));
    }

    [Theory]
    [InlineData(143, false)]
    [InlineData(144, true)]
    public void TryClose_VeryFirstSamples_AreTakenByTheirOwnLatency(int after, bool taken)
    {
        Leave(25, 64);
        Assert.Null(Close(after));
        Leave(25, 64);
        WindowSummary? window = Close(144);
        Assert.Equal(taken, window is not null);
        Assert.Equal(taken ? (25, 144.0 / 1024) : default, (window.GetValueOrDefault().Completions, window.GetValueOrDefault().Seconds));
    }

    [Theory]
    [InlineData(179, false)]
    [InlineData(180, true)] // Ten in flight for 200 ticks and 25 came back: 80 each, not 64; 2.25 × 80.
    public void TryClose_VeryFirstSamples_CountWhatHasNotComeBack(int after, bool closes)
    {
        _gate = _gate with { InFlight = 10 };
        Assert.Null(Close(0));
        Leave(25, 64);
        Assert.Null(Close(200));
        Leave(25, 64);
        Assert.Equal(closes, Close(after) is not null);
    }

    [Fact]
    public void TryClose_NoLatencyKnownYet_NothingIsOverdue()
    {
        // 16 in flight for 200 ticks are 3200, and 5 × 64 have come back: too few to go by.
        _gate = _gate with { InFlight = 16 };
        Assert.Null(Close(0));
        Leave(5, 64);
        Assert.Null(Close(200));

        // 50 × 64 are 3200: now they are the very first.
        _gate = _gate with { InFlight = 0 };
        Leave(45, 64);
        Assert.Null(Close(1));
        Leave(25, 64);
        Assert.Equal(25, Close(144)!.Value.Completions);
    }

    [Theory]
    [InlineData(24, 300, false)]
    [InlineData(25, 143, false)]
    [InlineData(25, 144, true)] // By the latency before, 64, not by the 32 that so few say.
    [InlineData(49, 143, false)]
    [InlineData(50, 71, false)]
    [InlineData(50, 72, true)] // Twice the samples needed are believed: 2.25 × 32.
    public void TryClose_LatenciesHaveFallen_TakesFiftySamplesToBelieveIt(int samples, int after, bool closes)
    {
        Warm(64);
        Leave(samples, 32);
        Assert.Equal(closes, Close(after) is not null);
    }

    [Theory]
    [InlineData(363, false)]
    [InlineData(364, true)]
    public void TryClose_FewLongRequests_WaitsForThem(int after, bool closes)
    {
        // Together 6400 in 100; Σ latency² ÷ Σ latency = (80 × 16² + 20 × 256²) / 6400 = 208, and 1.75 × 208 = 364.
        Warm(64);
        Leave(80, 16);
        Leave(20, 256);
        Assert.Equal(closes, Close(after) is not null);

        // The next one knows of them before they are back.
        if (closes)
        {
            _builder.Restart(_gate, _now, Settling.None);
            Leave(25, 64);
            Assert.Null(Close(363));
            Assert.NotNull(Close(1));
        }
    }

    // Residence was 208, as above; twice the samples needed are believed, and now say 64: 2.25 × 64 = 144.
    [Theory]
    [InlineData(49, 144, false)]
    [InlineData(50, 143, false)]
    [InlineData(50, 144, true)]
    public void TryClose_LongRequestsHaveGone_TakesFiftySamplesToBelieveIt(int samples, int after, bool closes)
    {
        AfterLongRequests();
        Leave(samples, 64);
        Assert.Equal(closes, Close(after) is not null);
    }

    // Of 1.65 samples for an effective one (a fifth of the way from 1.25 to 3.25) 37.5 × 64 are 3960: 32 × 124 are more.
    [Theory]
    [InlineData(143, false)]
    [InlineData(144, true)]
    public void TryClose_OverdueAfterLongRequests_DoesNotWaitForThem(int after, bool closes)
    {
        AfterLongRequests();
        _gate = _gate with { InFlight = 32 };
        Assert.Null(Close(0));
        Leave(5, 64);
        Assert.Equal(closes, Close(after) is not null);
    }

    // As many of 16 as of 256: the standard deviation of their logarithms is 1.39, of the mean of 200 of them .098, and of 80 .15.
    // 1.75 × 241.9 = 423.3; 20 latencies of 64 are 1280.
    [Theory]
    [InlineData(false, 40, 424, true)]
    [InlineData(true, 40, 424, false)]
    [InlineData(true, 40, 1280, false)]
    [InlineData(true, 40, 1281, true)] // In the end it has to do.
    [InlineData(true, 100, 423, false)]
    [InlineData(true, 100, 424, true)]
    public void TryClose_Careful_WaitsUntilTheNoiseIsATenth(bool careful, int ofEach, int after, bool closes)
    {
        Warm(64);
        Leave(ofEach, 16);
        Leave(ofEach, 256);
        Assert.Equal(closes, Close(after, careful ? WindowPace.Careful : WindowPace.Usual) is not null);
    }

    [Theory]
    [InlineData(160, true)] // 13 × 160 = 2080 = 1.3 × 25 × 64.
    [InlineData(161, false)]
    public void TryClose_WhatCameBack_MustAccountForWhatWasInFlight(int after, bool closes)
    {
        Warm(64, inFlight: 13);
        Leave(25, 64);
        Assert.Equal(closes, Close(after) is not null);
    }

    [Theory]
    [InlineData(20, 150, false)] // 3000 is not more than 3000.
    [InlineData(20, 151, true)]
    [InlineData(32, 143, false)]
    [InlineData(32, 144, true)] // Not before 2.25 latencies, however many there are.
    public void TryClose_Overdue_ClosesWithFewSamples(int inFlight, int after, bool closes)
    {
        Warm(64, inFlight);
        Leave(5, 64);
        Assert.Equal(closes, Close(after) is not null);
    }

    [Theory]
    [InlineData(49, false)]
    [InlineData(50, true)]
    public void TryClose_OverdueShortRequests_ClosesAfterFiftyMilliseconds(int milliseconds, bool closes)
    {
        ServiceMeter meter = new(1000);
        WindowBuilder builder = new(meter, 1000, 0);
        for (uint i = 0; i < 30; i++)
        {
            meter.Record(i, 1, 20, 1);
        }

        GateReading gate = _gate with { InFlight = 20 };
        Assert.False(builder.TryClose(gate, 100, WindowPace.Usual, out _));
        meter.Record(30, 1, 20, 1);

        // 20 × 49 ms are 980 already, more than 46.875 × 20 ms.
        Assert.Equal(closes, builder.TryClose(gate, 100 + milliseconds, WindowPace.Usual, out _));
    }

    [Theory]
    [InlineData(179, false)]
    [InlineData(181, true)] // 37.5 × 1.2 latencies of 64 are 2880, and 16 × 180 too.
    public void TryClose_Overdue_GoesByHowUnequalLatenciesWere(int after, bool closes)
    {
        // Equal ones bring the 1.25 samples for an effective one a fifth nearer to 1: 1.2.
        Warm(64);
        Leave(25, 64);
        _gate = _gate with { InFlight = 16 };
        Assert.NotNull(Close(144));
        _builder.Restart(_gate, _now, Settling.None);
        Leave(5, 64);
        Assert.Equal(closes, Close(after) is not null);
    }

    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)] // With the one that was dropped, 25.
    public void TryClose_Heard_TakesTwentyFiveWithTheDropped(int samples, bool closes)
    {
        Warm(64);
        Leave(samples, 64);
        _meter.Dropped(-1);
        Assert.Equal(closes, Close(1, WindowPace.Heard) is not null);
    }

    [Theory]
    [InlineData(0, 321, false)]
    [InlineData(0, 1024, false)]
    [InlineData(0, 1025, true)] // Of a free gate after a second,
    [InlineData(10, 320, false)]
    [InlineData(10, 321, true)] // of a full one after 20 latencies of 16.
    public void TryClose_FewSamples_ClosesInTheEnd(int full, int after, bool closes)
    {
        Warm(16);
        _gate = _gate with { FullArrivals = full, InFlight = full > 0 ? 1 : 0 };
        Assert.Null(Close(10));
        Leave(5, 16);
        Assert.Equal(closes, Close(after - 10) is not null);
    }

    [Fact]
    public void TryClose_FullGateAndNoLatencyKnown_StaysOpen()
    {
        _gate = _gate with { FullArrivals = 10 };
        Assert.Null(Close(10));
        Assert.Null(Close(5000));
    }

    // Windows that dropped requests close, with few samples of 256: 2.25 × 256 = 576.
    [Theory]
    [InlineData(4, 143, false)]
    [InlineData(4, 144, true)] // Four are an anecdote.
    [InlineData(5, 575, false)]
    [InlineData(5, 576, true)]
    public void TryClose_AfterFewSamples_LatencyTakesFiveToMove(int samples, int after, bool closes)
    {
        Warm(64);
        Leave(samples, 256);
        _meter.Dropped(-1);
        Assert.NotNull(Close(1));
        _builder.Restart(_gate, _now, Settling.None);
        Leave(25, 64);
        Assert.Equal(closes, Close(after) is not null);
    }

    [Theory]
    [InlineData(575, false)]
    [InlineData(576, true)]
    public void TryClose_NoneButLatenciesOfZero_TheFirstOtherOneCounts(int after, bool closes)
    {
        Leave(1, 0);
        _meter.Dropped(-1);
        Assert.NotNull(Close(1));
        _builder.Restart(_gate, _now, Settling.None);
        Leave(1, 256);
        _meter.Dropped(-1);
        Assert.NotNull(Close(1));
        _builder.Restart(_gate, _now, Settling.None);
        Leave(25, 64);
        Assert.Equal(closes, Close(after) is not null);
    }

    // 25 leave within 160 ticks, of 64 each; by Little's law 6.4 ticks for each in flight.
    [Theory]
    [InlineData(12, false, 143, false)]
    [InlineData(12, false, 144, true)] // 76.8 is not much more than 64: as seen.
    [InlineData(13, false, 144, true)] // Nor is 83.2, 1.3 times as much.
    [InlineData(14, false, 201, false)]
    [InlineData(14, false, 202, true)] // 89.6 is, 2.25 × 89.6 = 201.6.
    [InlineData(12, true, 172, false)]
    [InlineData(12, true, 173, true)] // At a full gate any more counts: 2.25 × 76.8 = 172.8.
    [InlineData(9, true, 143, false)]
    [InlineData(9, true, 144, true)] // 57.6 is less than was seen: as seen.
    [InlineData(41, false, 575, false)]
    [InlineData(41, false, 576, true)] // 262.4 is more than four times as much as was seen: 4 × 64 × 2.25.
    public void TryClose_NextWindow_WaitsByLittlesLawWhereTheGateIsBusy(int inFlight, bool bound, int after, bool closes)
    {
        Warm(64, inFlight: bound ? 1 : 0);
        _gate = _gate with { FullArrivals = bound ? 25 : 0 };
        Assert.Null(Close(10));

        // On a free gate a departure counts itself besides.
        Leave(25, 64, bound ? inFlight : inFlight + 1);
        WindowSummary window = Close(150)!.Value;
        Assert.Equal(inFlight, window.MeanInFlight);
        Assert.Equal(bound, window.Bound);
        _builder.Restart(_gate, _now, Settling.None);
        Leave(25, 64);
        Assert.Equal(closes, Close(after) is not null);
    }

    [Fact]
    public void TryClose_Counts_AreThoseSinceTheWindowOpened()
    {
        Warm(64);
        _gate = _gate with { InFlight = 10, Waiting = 4, Refused = 100, FullArrivals = 1000, FullByPriority = new(1, 2, 3, 4) };
        _builder.Restart(_gate, _now, Settling.None);
        _gate = _gate with { FullArrivals = 1004 };
        Assert.Null(Close(10));
        Leave(25, 64, inFlight: 21);
        _gate = _gate with { InFlight = 13, Waiting = 9, Refused = 107, FullArrivals = 1010, FullByPriority = new(11, 22, 33, 44) };
        WindowSummary window = Close(134)!.Value;
        Assert.Equal(40, window.Arrivals); // 25 left, 7 were refused, 3 more run, 5 more wait.
        Assert.Equal(7, window.Refused);
        Assert.Equal(10, window.FullArrivals);
        Assert.Equal(new PriorityCounts(10, 20, 30, 40), window.FullByPriority);
        Assert.Equal(20.25, window.MeanInFlight); // A quarter met a full gate: 21 − 3/4.
        Assert.Equal(21, window.PeakInFlight);
    }

    [Fact]
    public void TryClose_NobodyCame_TheOthersInFlightAreTheMean()
    {
        Warm(64);
        _gate = _gate with { InFlight = 25 };
        _builder.Restart(_gate, _now, Settling.None);
        _gate = _gate with { InFlight = 0 };
        Leave(25, 64, inFlight: 13);
        WindowSummary window = Close(144)!.Value;
        Assert.Equal(0, window.Arrivals);
        Assert.Equal(12, window.MeanInFlight);
    }

    [Fact]
    public void TryClose_NothingLeft_TheReadingIsTheMean()
    {
        Warm(64, inFlight: 7);
        _meter.Dropped(-1);
        WindowSummary window = Close(1)!.Value;
        Assert.Equal(7, window.MeanInFlight);
        Assert.Equal(7, window.PeakInFlight);
    }

    [Fact]
    public void TryClose_Overdue_TheReadingCountsAsFourDepartures()
    {
        Warm(64, inFlight: 32);
        Leave(5, 64, inFlight: 11);
        WindowSummary window = Close(144)!.Value;
        Assert.Equal(178.0 / 9, window.MeanInFlight, 12); // (5 × 10 + 4 × 32) / 9.
        Assert.Equal(32, window.PeakInFlight);
    }

    [Fact]
    public void TryClose_ManyFastOnes_AreNotOverdueBeforeTheLatencyBefore()
    {
        // 32 in flight for 100 ticks are more than 3000, but 100 is less than 144: only the departures are asked.
        Warm(64, inFlight: 32);
        Leave(100, 32, inFlight: 41);
        Assert.Equal(40, Close(100)!.Value.MeanInFlight);
    }

    [Fact]
    public void TryClose_IdleBetweenTwoReadings_CountsTheLesser()
    {
        Warm(64);
        Leave(25, 64, inFlight: 10);
        _gate = _gate with { InFlight = 1000 };
        Assert.Equal(9, Close(144)!.Value.MeanInFlight); // Not overdue: the thousand have only just come.
    }

    // 0.57 of a residence of 64 in 144 ticks, by the root of those in flight: 0.57 × 4 / 9 = 0.76 / 3.
    [Theory]
    [InlineData(17, 0.19 / 3)] // √16 = 4.
    [InlineData(2, 0.76 / 3)]
    [InlineData(1, 0.76 / 3)] // Fewer than one count as one.
    public void TryClose_EdgeNoise_FallsWithTimeAndWithTheRootOfThoseInFlight(int inFlight, double expected)
    {
        Warm(64);
        Leave(25, 64, inFlight);
        Assert.Equal(expected, Close(144)!.Value.EdgeNoise, 12);
    }

    [Fact]
    public void TryClose_EdgeNoise_RemembersALongerResidence()
    {
        AfterLongRequests();
        Leave(25, 64);
        Assert.Equal(0.57 * 4 / 7, Close(364)!.Value.EdgeNoise, 12); // 208 / 364 = 4 / 7.
    }

    // Σ latency² ÷ Σ latency = 208 of them, and a mean of 64.
    private void AfterLongRequests()
    {
        Warm(64);
        Leave(80, 16);
        Leave(20, 256);
        Assert.NotNull(Close(364));
        _builder.Restart(_gate, _now, Settling.None);
    }
}
