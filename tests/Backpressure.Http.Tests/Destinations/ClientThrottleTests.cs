using Backpressure.Http.Destinations;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Http.Tests.Destinations;

public sealed class ClientThrottleTests
{
    [Theory]
    [InlineData(100, 100, 0)]
    [InlineData(100, 50, 0)]
    [InlineData(99, 0, 0.9)]
    [InlineData(100, 25, 50.0 / 101)]
    [InlineData(9, 0, 0)]
    public void Probability_IsTheSourcesFormula_NeverAboveNineTenths(int requests, int accepts, double probability) =>
        Assert.Equal(probability, ClientThrottle.ProbabilityOf(requests, accepts, 2), 10);

    [Fact]
    public void SlidingCounts_ForgetSliceBySlice()
    {
        var counts = new SlidingCounts(2, window: 1000);
        counts.Add(0, 0);
        counts.Add(1, 550);
        counts.Add(0, 900);

        Assert.Equal((2, 1), (counts.Sum(0, 999), counts.Sum(1, 999)));
        Assert.Equal((1, 1), (counts.Sum(0, 1000), counts.Sum(1, 1000)));
        Assert.Equal((1, 0), (counts.Sum(0, 1500), counts.Sum(1, 1500)));
        Assert.Equal((0, 0), (counts.Sum(0, 1_000_000), counts.Sum(1, 1_000_000)));
        counts.Add(0, 500_000);
        Assert.Equal(1, counts.Sum(0, 1_000_000));
    }

    [Fact]
    public void SlidingCounts_TakeBackWhatWasCountedThen_AndNothingThatIsForgotten()
    {
        var counts = new SlidingCounts(1, window: 1000);
        counts.Add(0, 0);
        counts.Add(0, 900);
        counts.TakeBack(0, at: 0, now: 950);
        Assert.Equal((1, 1), (counts.Sum(0, 950), counts.Sum(0, 1850)));

        counts.Add(0, 1850);
        counts.TakeBack(0, at: 850, now: 1850);
        Assert.Equal(2, counts.Sum(0, 1850));
    }

    [Fact]
    public void Calls_ThatWereNotSentAfterALongWait_HideNoneThatCameAfterThem()
    {
        var time = new FakeTimeProvider();
        var settings = ClientSettings.Of("payments", new BackpressureClientOptions());
        var health = new DestinationHealth(time, () => settings, static () => 1);
        long Now(double seconds) => (long)(seconds * time.TimestampFrequency);
        for (int i = 0; i < 20; i++)
        {
            health.Ask(Priority.Normal, Now(0), out _);
        }

        for (int i = 0; i < 20; i++)
        {
            health.NotSent(Priority.Normal, isShed: true, askedAt: Now(0), Now(9));
        }

        for (int i = 0; i < 20; i++)
        {
            health.Ask(Priority.Normal, Now(11), out _);
            health.Ended(Priority.Normal, Outcome.Dropped, TimeSpan.Zero, Now(11));
        }

        Assert.Equal(ClientThrottle.Highest, health.ThrottleOf(Priority.Normal, Now(11)));
    }

    [Fact]
    public void RefusalReasons_HaveTags() =>
        Assert.All(Enum.GetValues<RefusalReason>(), static reason => Assert.Matches("^[a-z_]+$", reason.Tag()));
}
