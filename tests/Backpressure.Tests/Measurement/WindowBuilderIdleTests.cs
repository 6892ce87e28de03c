using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

/// <summary>A load that goes away within a window, and one request that takes a thousand times as long.</summary>
public sealed class WindowBuilderIdleTests : WindowRig
{
    // The load ends 110 ticks after it opened. However long nobody comes, it is no work done slowly.
    [Theory]
    [InlineData(5000)]
    [InlineData(5_000_000)]
    public void TryClose_NobodyComes_IsNoTimeOfAWindowOfAFullGate(long gone)
    {
        Press();
        _gate = _gate with { InFlight = 0 };
        Assert.Null(Close(100));
        Assert.Null(Close(gone));

        _gate = _gate with { InFlight = 10, FullArrivals = 60 };
        Assert.Null(Close(33));
        Assert.Equal(144 / 1024.0, Close(1)!.Value.Seconds, 9);
    }

    // Nobody has looked since two were in flight: they have ended somewhere in between.
    [Fact]
    public void TryClose_NobodyLooked_IsNoTimeEither()
    {
        Press();
        _gate = _gate with { InFlight = 2 };
        Assert.Null(Close(100));
        _gate = _gate with { InFlight = 0 };
        Assert.Null(Close(5000));
        Assert.Equal(144 / 1024.0, Close(34)!.Value.Seconds, 9);
    }

    // Up to two latencies of 64 it may be chance.
    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void TryClose_AMomentWithoutAnybody_IsTime(int moment, bool closes)
    {
        Press();
        _gate = _gate with { InFlight = 0 };
        Assert.Null(Close(10));
        Assert.Equal(closes, Close(moment) is not null);
    }

    [Fact]
    public void TryClose_OfAFreeGate_HasAllItsTime()
    {
        Warm(64);
        Leave(25, 64);
        Assert.Null(Close(10));
        Assert.Equal(1010 / 1024.0, Close(1000)!.Value.Seconds, 9);
    }

    // 64 is usual, and now one of 65536 ends: the next window takes four times as long to fill, 2.25 × 256, and not a thousand.
    [Theory]
    [InlineData(1, 575, false)]
    [InlineData(1, 576, true)]
    [InlineData(25, 576, false)] // Where all take so long it is how long they take.
    public void TryClose_AfterOneThatTookAThousandTimesAsLong_WaitsNoThousandTimesAsLong(int slow, int after, bool closes)
    {
        Warm(64);
        Leave(25 - slow, 64);
        Leave(slow, 65536);
        _meter.Dropped(-1);
        Assert.NotNull(Close(1));
        _builder.Restart(_gate, _now, Settling.None);
        Leave(25, 64);
        Assert.Equal(closes, Close(after) is not null);
    }

    private void Press()
    {
        Warm(64, inFlight: 10);
        _gate = _gate with { FullArrivals = 30 };
        Assert.Null(Close(10));
        Leave(25, 64, inFlight: 10);
    }
}
