using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class ArrivalTests
{
    [Theory]
    [InlineData(30, 100, 130)]
    [InlineData(Arrival.Never, 100, Arrival.Never)]
    [InlineData(Arrival.Never - 100, 100, Arrival.Never)]
    [InlineData(Arrival.Never - 101, 100, Arrival.Never - 1)]
    public void WaitsUntil_FromNow_IsNeverBeyondTheEndOfTime(long maxWait, long now, long until) =>
        Assert.Equal(until, Asking(maxWait).WaitsUntil(now));

    [Theory]
    [InlineData(100, 20, 80, true)]
    [InlineData(100, 20, 81, false)]
    [InlineData(100, 20, 10, true)]
    [InlineData(Arrival.Never, 20, 1_000_000, true)]
    public void IsInTime_OfWorkThatTakesItsUsualTime_EndsByTheDeadline(long deadline, long usual, long start, bool expected) =>
        Assert.Equal(expected, (Asking(maxWait: 0) with { Deadline = deadline, UsualService = usual }).IsInTime(start));

    private static Arrival Asking(long maxWait) =>
        new() { Priority = Priority.Normal, Overflow = Overflow.Shed, Cost = 1, MaxWait = maxWait };
}
