using Backpressure.Downstreams;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Backpressure.Tests.Downstreams;

public sealed class PacedTimerTests
{
    [Fact]
    public void Timer_TicksAtTheFastestPaceWanted()
    {
        var time = new FakeTimeProvider();
        int ticks = 0;
        using var timer = new PacedTimer(time, () => ticks++);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, ticks);

        timer.Raise(Pace.Shedding);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(3, ticks);

        timer.Raise(Pace.Waiting);
        timer.Raise(Pace.Shedding);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(103, ticks);
    }

    [Fact]
    public void Set_LowersThePace()
    {
        var time = new FakeTimeProvider();
        int ticks = 0;
        using var timer = new PacedTimer(time, () => ticks++);
        timer.Raise(Pace.Waiting);

        timer.Set(() => Pace.Off);

        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((0, Pace.Off), (ticks, timer.Pace));
    }

    [Fact]
    public void Set_WhenSomebodyComesJustAsItStandsDown_TicksOn()
    {
        var time = new FakeTimeProvider();
        int ticks = 0;
        using var timer = new PacedTimer(time, () => ticks++);
        timer.Raise(Pace.Waiting);
        int asked = 0;

        // Nobody waits at the first look; whoever came before the second found the timer still running and left it.
        timer.Set(() => asked++ == 0 ? Pace.Off : Pace.Waiting);

        time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal((5, Pace.Waiting), (ticks, timer.Pace));
    }
}
