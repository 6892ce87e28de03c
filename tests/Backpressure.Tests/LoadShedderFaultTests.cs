using System.Diagnostics.Metrics;
using Backpressure.Downstreams;
using Microsoft.Extensions.Logging;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

/// <summary>A fault of our own, of a listener or of a logger never costs a request, a slot or the process.</summary>
public sealed class LoadShedderFaultTests
{
    [Fact]
    public void AdmitAsync_WhenDecidingFails_LetsTheRequestThroughCountsItApartAndLogsIt()
    {
        var time = new FaultyTime();
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject), time);
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 1);
        time.FailAfter(0);

        AdmissionLease lease = rig.Ask(any);

        Assert.Equal((true, AdmissionDecision.FailedOpen), (lease.IsAdmitted, lease.Decision));
        Assert.Equal((1, 1), (GateOf(any).InFlight, DownstreamOf(any).FailedOpen));
        Assert.IsType<InvalidTimeZoneException>(Assert.Single(rig.Logger.Of(11)).Exception);
        lease.Complete(Outcome.Success);
        lease.Complete(Outcome.Success);
        Assert.Equal((1, 0), (GateOf(any).InFlight, DownstreamOf(any).FailedOpen));
        Assert.Equal(1, Decisions.Of(rig).Total("failed_open"));
    }

    [Fact]
    public async Task Complete_WhenMeasuringFails_FreesTheSlotAndServesWhoeverWaits()
    {
        var time = new FaultyTime();
        using var rig = new ShedderRig(Fixed(1, change: o => o.MaxConcurrentRequests = 2), time);
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease running = rig.Admitted(any);
        Task<AdmissionLease> waiting = rig.Wait(any);
        time.FailAfter(0);

        running.Complete(Outcome.Success);

        AdmissionLease next = await Answer(waiting);
        Assert.Equal(AdmissionDecision.Admitted, next.Decision);
        next.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(any).InFlight);
        Assert.Single(rig.Logger.Of(13));

        // The ceiling has both its places again.
        AdmissionLease one = rig.Admitted(any);
        Assert.False(rig.Wait(any).IsCompleted);
        one.Complete(Outcome.Success);
    }

    [Fact]
    public async Task TimeThatFails_AtAnyOneCall_LeavesEverythingBalanced()
    {
        int call = 0;
        for (bool failed = true; failed; call++)
        {
            var time = new FaultyTime();
            using var rig = new ShedderRig(
                Fixed(1, change: o =>
                {
                    o.MaxConcurrentRequests = 3;
                    o.Policies["Now"] = new PolicyOptions { Overflow = Overflow.Reject };
                }),
                time);
            RequestClass any = rig.Shedder.ClassOf("any");
            RequestClass now = rig.Shedder.ClassOf("now", "Now");
            RequestClass probe = rig.Shedder.ClassOf("probe", exempt: true);
            time.FailAfter(call);
            var asked = new List<Task<AdmissionLease>>();
            for (int i = 0; i < 3; i++)
            {
                asked.Add(rig.Shedder.AdmitAsync(new AdmissionRequest(any), CancellationToken.None).AsTask());
                asked.Add(rig.Shedder.AdmitAsync(new AdmissionRequest(now), CancellationToken.None).AsTask());
                asked.Add(rig.Shedder.AdmitAsync(new AdmissionRequest(probe), CancellationToken.None).AsTask());
            }

            // Each in turn: those that wait get in as the others end.
            foreach (Task<AdmissionLease> one in asked)
            {
                AdmissionLease lease = await Answer(one);
                lease.Complete(Outcome.Success);
            }

            failed = time.HasFailed;
            time.FailAfter(int.MaxValue);
            Downstream downstream = DownstreamOf(any);
            Assert.Equal((0, 0, 0, 0), (downstream.Gate.InFlight, downstream.Gate.Waiting, downstream.Exempt, downstream.FailedOpen));
            Assert.Equal(AdmissionDecision.Admitted, rig.Ask(any).Decision);
            Assert.False(rig.Wait(any).IsCompleted);
            Assert.False(rig.Wait(any).IsCompleted);
            Assert.Equal(RejectionReason.HostCeilingReached, rig.Ask(any).Reason);
        }

        Assert.True(call > 15, $"The script reads the clock only {call} times.");
    }

    [Fact]
    public async Task MetricListener_ThatThrows_ChangesNoDecision()
    {
        using var rig = new ShedderRig(Fixed(1, change: o =>
        {
            o.MaxConcurrentRequests = 10;
            o.Policies["Now"] = new PolicyOptions { Overflow = Overflow.Reject };
        }));
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Scope == rig.Meters)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        int heard = 0;
        listener.SetMeasurementEventCallback<double>((_, _, _, _) =>
        {
            heard++;
            throw new InvalidTimeZoneException("A listener's own fault.");
        });
        listener.Start();
        RequestClass any = rig.Shedder.ClassOf("any");
        RequestClass now = rig.Shedder.ClassOf("now", "Now");

        AdmissionLease running = rig.Admitted(any);
        AdmissionLease refused = rig.Ask(now);
        Assert.Equal((AdmissionDecision.Rejected, RejectionReason.LimitReached), (refused.Decision, refused.Reason));
        Task<AdmissionLease> waiting = rig.Wait(any);
        running.Complete(Outcome.Success);
        AdmissionLease late = await Answer(waiting);
        Assert.Equal(AdmissionDecision.Admitted, late.Decision);
        late.Complete(Outcome.Success);

        Assert.Equal(4, heard);
        Assert.Equal((0, 0), (GateOf(any).InFlight, DownstreamOf(any).FailedOpen));
        Assert.Single(rig.Logger.Of(13));
        Assert.Empty(rig.Logger.Of(11));
        AdmissionLease[] all = [.. Enumerable.Range(0, 10).Select(_ => rig.Ask(now))];
        Assert.DoesNotContain(all, l => l.Reason == RejectionReason.HostCeilingReached);
    }

    [Fact]
    public void Logger_ThatThrows_ChangesNoDecisionAndEndsNoTimer()
    {
        var time = new FineTimeProvider();
        using var shedder = new LoadShedder(Fixed(1, Overflow.Reject), time, new FaultyLoggers());
        RequestClass any = shedder.ClassOf("any");
        AdmissionLease running = Ask(shedder, new AdmissionRequest(any));

        for (int i = 0; i < 3; i++)
        {
            AdmissionLease refused = Ask(shedder, new AdmissionRequest(any));
            Assert.Equal(RejectionReason.LimitReached, refused.Reason);
        }

        // It would say now that it has stopped shedding.
        time.Pass(15_000);
        time.Pass(15_000);
        running.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(any).InFlight);
    }

    [Fact]
    public void BecomeLongLived_WhenMeasuringFails_KeepsNoPlace()
    {
        var time = new FaultyTime();
        using var rig = new ShedderRig(Fixed(1, change: o => o.Downstreams["Default"].MaxLongLived = 1), time);
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease first = rig.Admitted(any);
        time.FailAfter(0);

        Assert.True(first.BecomeLongLived());

        Assert.Equal((0, 1), (GateOf(any).InFlight, DownstreamOf(any).LongLived));
        first.Complete(Outcome.Success);
        AdmissionLease second = rig.Admitted(any);
        Assert.True(second.BecomeLongLived());
        second.Complete(Outcome.Success);
        Assert.Equal((0, 0), (GateOf(any).InFlight, DownstreamOf(any).LongLived));
    }

    [Fact]
    public void AdmitAsync_OfAnUnknownPolicyWithALoggerThatThrows_IsDecided()
    {
        using var shedder = new LoadShedder(Fixed(1), new FineTimeProvider(), new FaultyLoggers());

        Assert.Equal(AdmissionDecision.Admitted, Ask(shedder, new AdmissionRequest(shedder.ClassOf("any", "Unknown"))).Decision);
    }

    private sealed class FaultyTime : FineTimeProvider
    {
        private int _left = int.MaxValue;

        public bool HasFailed { get; private set; }

        /// <summary>One call fails, after so many that do not.</summary>
        public void FailAfter(int calls) => _left = calls;

        public override long GetTimestamp()
        {
            if (_left-- == 0)
            {
                _left = int.MaxValue;
                HasFailed = true;
                throw new InvalidTimeZoneException("A clock's fault.");
            }

            return base.GetTimestamp();
        }
    }

    private sealed class FaultyLoggers : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidTimeZoneException("A logger's own fault.");

        public void Dispose()
        {
        }
    }
}
