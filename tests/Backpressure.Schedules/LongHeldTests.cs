using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>Who leaves while it is noted how many are in flight.</summary>
public sealed class LongHeldTests
{
    [Fact]
    public void Look_AsSomeLeave_NeverFindsMoreThanAreThere() => Schedule.Explore(async () =>
    {
        var longHeld = new LongHeld();
        int inFlight = 3;
        Look(longHeld, ref inFlight, now: 3, departed: 0);
        await Schedule.AtOnce(
            () => Leave(longHeld, ref inFlight, startedAt: 1),
            () => Leave(longHeld, ref inFlight, startedAt: 2),
            () =>
            {
                Look(longHeld, ref inFlight, now: 10, departed: 0);
                return Task.CompletedTask;
            });

        // The next epoch makes this one old enough, and more than enough come and go: five are there now besides.
        inFlight += 5;
        Look(longHeld, ref inFlight, now: 20, departed: 100);
        Look(longHeld, ref inFlight, now: 30, departed: 100);
        Look(longHeld, ref inFlight, now: 40, departed: 200);
        Assert.InRange(longHeld.Units, 0, 1);
    });

    private static Task Leave(LongHeld longHeld, ref int inFlight, long startedAt)
    {
        Interlocked.Decrement(ref inFlight);
        longHeld.Left(startedAt, cost: 1);
        return Task.CompletedTask;
    }

    private static void Look(LongHeld longHeld, ref int inFlight, long now, double departed)
    {
        LongHeldMark mark = longHeld.Mark();
        int read = Volatile.Read(ref inFlight);
        longHeld.Look(mark, read, now, departed, latencyTicks: 1, residenceTicks: 0);
    }
}
