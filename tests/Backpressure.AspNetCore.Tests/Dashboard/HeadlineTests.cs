using Backpressure.AspNetCore.Dashboard;
using Backpressure.Configuration;
using Backpressure.Observability;

namespace Backpressure.AspNetCore.Tests.Dashboard;

public sealed class HeadlineTests
{
    private static readonly DateTimeOffset Since = DateTimeOffset.UnixEpoch.AddYears(50);

    private readonly float[] _mean = new float[HistoryFields.Count];
    private BackpressureOptions _options = new();

    [Fact]
    public void Free_IsCalm()
    {
        Headline headline = Of(Gate());

        Assert.Equal(HeadlineState.Calm, headline.State);
        Assert.Contains("Default 3 of 20", headline.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Shedding_NamesWhoWhereWhyAndWhoIsServedInFull()
    {
        Refuse(Priority.Low, RejectionReason.QueueFull, 90);
        Refuse(Priority.Normal, RejectionReason.Evicted, 10);
        Serve(Priority.Critical, 50);

        Headline headline = Of(Gate() with { InFlight = 20, Waiting = [0, 0, 0, 40] });

        Assert.Equal(HeadlineState.Shedding, headline.State);
        Assert.Equal("Shedding Low and Normal at Default", headline.Title);
        Assert.Equal("The downstream is full: 20 of 20 in flight, 40 waiting. 100 of 150 requests a second are refused, most because the queue is full (queue_full). Critical is served in full.", headline.Why);
        Assert.Contains("more capacity", headline.Do, StringComparison.Ordinal);
        Assert.Equal(Since, headline.Since);
    }

    [Fact]
    public void Critical_ThatIsRefused_IsTheWorst()
    {
        Refuse(Priority.Critical, RejectionReason.MaxWaitElapsed, 1);

        Headline headline = Of(Gate());

        Assert.Equal(HeadlineState.Critical, headline.State);
        Assert.StartsWith("Important work is lost.", headline.Do, StringComparison.Ordinal);
    }

    [Fact]
    public void Advice_FollowsWhatHoldsTheLimit()
    {
        Refuse(Priority.Low, RejectionReason.QueueFull, 5);

        Assert.Contains("Signal cpu holds the limit at 6 where 20 would be allowed", Of(Gate() with { Limit = 6, LimitedBy = "cpu" }).Do, StringComparison.Ordinal);
        Assert.Contains("at its minimum, 4: Default is slow or failing", Of(Gate() with { Limit = 4 }).Do, StringComparison.Ordinal);
        Assert.Contains("raise Downstreams:Default:Limit:Max", Of(Gate() with { Limit = 1000 }).Do, StringComparison.Ordinal);
        _options.Downstreams["Default"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 8 } };
        Assert.Contains("fixed at 8", Of(Gate() with { Limit = 8 }).Do, StringComparison.Ordinal);
    }

    [Fact]
    public void RateLimits_AreNoShedding()
    {
        Refuse(Priority.Low, RejectionReason.RateLimited, 12);

        Headline headline = Of(Gate());

        Assert.Equal(HeadlineState.RateLimited, headline.State);
        Assert.Contains("12.0 requests a second get 429", headline.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void RateLimits_ThatAreOnlyObserved_AreNotSaidToBeEnforced()
    {
        Refuse(Priority.Low, RejectionReason.RateLimited, 12);

        Headline headline = Of(Gate() with { IsShadow = true });

        Assert.Equal((HeadlineState.RateLimited, "Clients would be over their rate at Default"), (headline.State, headline.Title));
        Assert.Contains("12.0 requests a second would get 429", headline.Why, StringComparison.Ordinal);
        Assert.Contains("Nothing is held back", headline.Do, StringComparison.Ordinal);
    }

    [Fact]
    public void Waiting_IsToldWithHowLong()
    {
        Headline headline = Of(Gate() with { InFlight = 20, Waiting = [0, 0, 2, 0], DrainPerSecond = 40 });

        Assert.Equal(HeadlineState.Waiting, headline.State);
        Assert.Contains("waits about 50 ms", headline.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Observed_SaysWhatWouldBe()
    {
        _options = new BackpressureOptions { Mode = BackpressureMode.Observe };
        Refuse(Priority.Low, RejectionReason.QueueFull, 5);

        Headline headline = Of(Gate() with { IsShadow = true });

        Assert.Equal(HeadlineState.WouldShed, headline.State);
        Assert.Equal("Would be shedding Low at Default", headline.Title);
        Assert.Contains("Nothing is held back", headline.Do, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(BackpressureMode.Off, false, HeadlineState.Off)]
    [InlineData(BackpressureMode.Observe, false, HeadlineState.Observing)]
    [InlineData(BackpressureMode.Enforce, true, HeadlineState.Stopping)]
    public void Whole_HasTheLastWord(BackpressureMode mode, bool stopping, object state)
    {
        _options = new BackpressureOptions { Mode = mode };

        Assert.Equal(state, Of(Gate(), stopping).State);
    }

    [Fact]
    public void EveryReason_HasItsWords()
    {
        foreach (RejectionReason reason in HistoryFields.AllReasons.Except([RejectionReason.RateLimited, RejectionReason.ClientAborted]))
        {
            Array.Clear(_mean);
            Refuse(Priority.Low, reason, 5);
            Assert.Contains($"({reason.Tag()})", Of(Gate()).Why, StringComparison.Ordinal);
            Assert.DoesNotContain("they had to go", Of(Gate()).Why, StringComparison.Ordinal);
        }
    }

    private void Refuse(Priority priority, RejectionReason reason, float perSecond)
    {
        _mean[HistoryFields.Refused + (int)priority] += perSecond;
        _mean[HistoryFields.Reasons + Array.IndexOf(HistoryFields.AllReasons, reason)] += perSecond;
    }

    private void Serve(Priority priority, float perSecond) => _mean[HistoryFields.Served + (int)priority] += perSecond;

    private Headline Of(GateSnapshot gate, bool stopping = false)
    {
        ShedderSettings settings = SettingsFactory.Build(_options);
        _mean[HistoryFields.Limit] = gate.Limit;
        var snapshot = new ShedderSnapshot
        {
            At = Since.AddMinutes(4),
            Timestamp = 0,
            Settings = settings,
            ShuttingDown = stopping,
            Gates = [gate with { Settings = settings.Downstreams["Default"] }],
            Decisions = new Dictionary<(string, bool), DecisionTotals>(),
            Signals = [],
        };
        return Headline.Of(snapshot, _ => _mean)[0];
    }

    private static GateSnapshot Gate() => new()
    {
        Downstream = "Default",
        IsShadow = false,
        Settings = SettingsFactory.Build(new BackpressureOptions()).Downstreams["Default"],
        Limit = 20,
        LawLimit = 20,
        LawReason = "Hold",
        LimitedBy = null,
        InFlight = 3,
        Exempt = 0,
        LongLived = 0,
        Observed = 0,
        FailedOpen = 0,
        Waiting = [0, 0, 0, 0],
        Capacity = 40,
        DrainPerSecond = 0,
        SheddingSince = Since,
    };
}
