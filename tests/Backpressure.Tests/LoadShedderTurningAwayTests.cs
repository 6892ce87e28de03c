using System.Diagnostics.Metrics;
using Backpressure.Downstreams;
using Backpressure.Measurement;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

/// <summary>Refusals in masses, on the system's clock, since only there some are turned away without asking the gate.</summary>
public sealed class LoadShedderTurningAwayTests : IDisposable
{
    private const int Refusals = 200_000;

    private readonly ScopedMeterFactory _meters = new();
    private readonly RecordingLoggerFactory _logger = new();
    private readonly LoadShedder _shedder;
    private readonly RequestClass _any;
    private AdmissionLease _running;

    public LoadShedderTurningAwayTests()
    {
        // One that is quiet at Debug, where every rejection would be told.
        _shedder = new LoadShedder(Fixed(1, Overflow.Reject), TimeProvider.System, loggerFactory: null, _meters);
        _any = _shedder.ClassOf("any");
        _running = Ask(_shedder, new AdmissionRequest(_any));
    }

    private Downstream Downstream => DownstreamOf(_any);

    public void Dispose()
    {
        _shedder.Dispose();
        _meters.Dispose();
        _logger.Dispose();
    }

    [Fact]
    public async Task Refusals_OfManyThreads_AreCountedEachForTheLawAndForTheMetrics()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () =>
            {
                for (int i = 0; i < Refusals; i++)
                {
                    Assert.Equal(RejectionReason.LimitReached, Ask(_shedder, new AdmissionRequest(_any)).Reason);
                }
            },
            TestContext.Current.CancellationToken)));

        GateReading reading = Downstream.Reading(TimeProvider.System.GetTimestamp());
        Assert.Equal((4 * Refusals, 4 * Refusals), (reading.Refused, reading.FullArrivals));

        // The law goes by who they were, whether they asked or not.
        Assert.Equal(4 * Refusals, reading.FullByPriority.Normal);
        Measurement<long> rejected = Assert.Single(_any.Resolved!.Counters.Measure(), m => m.Tags.ToArray().Contains(new("backpressure.decision", "rejected")));
        Assert.Equal(4 * Refusals, rejected.Value);
        Assert.True(Downstream.Gate.Counts.Refused < 4 * Refusals, "Nobody was turned away without asking.");
    }

    [Fact]
    public void Refused_ForWhatTheyCost_LeaveRoomToThoseThatCostLess()
    {
        BackpressureOptions options = Fixed(5, Overflow.Reject, o => o.Policies["Heavy"] = new PolicyOptions { Overflow = Overflow.Reject, Cost = 3 });
        using var shedder = new LoadShedder(options, TimeProvider.System, loggerFactory: null, _meters);
        RequestClass heavy = shedder.ClassOf("heavy", "Heavy");
        RequestClass light = shedder.ClassOf("light");
        AdmissionLease running = Ask(shedder, new AdmissionRequest(heavy));
        Assert.Equal((true, 3, 3), (running.IsAdmitted, running.Cost, GateOf(heavy).InFlight));

        for (int i = 0; i < Refusals; i++)
        {
            AdmissionLease refused = Ask(shedder, new AdmissionRequest(heavy));
            Assert.Equal((RejectionReason.LimitReached, 3), (refused.Reason, refused.Cost));
            AdmissionLease admitted = Ask(shedder, new AdmissionRequest(light));
            Assert.Equal((true, 1), (admitted.IsAdmitted, admitted.Cost));
            admitted.Complete(Outcome.Ignored);
        }

        Assert.True(GateOf(heavy).Counts.Refused < Refusals, "Nobody was turned away without asking.");
        Assert.Equal(3, GateOf(heavy).InFlight);
        running.Complete(Outcome.Success);
        Assert.Equal(0, GateOf(heavy).InFlight);
    }

    [Fact]
    public void Refused_AreToldTimesThatAreSpread()
    {
        var told = new int[31];
        for (int i = 0; i < Refusals; i++)
        {
            told[(int)Ask(_shedder, new AdmissionRequest(_any)).RetryAfter.TotalSeconds]++;
        }

        // Nothing has been drained yet: one second or two, half and half.
        Assert.Equal(Refusals, told[1] + told[2]);
        Assert.InRange(told[1], 0.48 * Refusals, 0.52 * Refusals);
    }

    [Fact]
    public void Refused_AtAGateThatDrainsSlowly_AreBookedOut()
    {
        // As fast as a test can: tens of thousands a second. Ten times as many refused cannot all come back at once.
        for (int i = 0; i < 2000; i++)
        {
            Ask(_shedder, new AdmissionRequest(_any));
            _running.Complete(Outcome.Success);
            _running = Ask(_shedder, new AdmissionRequest(_any));
        }

        double drain = Downstream.Gate.DrainPerSecond;
        Assert.True(drain > 0);
        var told = new int[31];
        int refused = (int)Math.Min(drain * 10, 20_000_000);
        for (int i = 0; i < refused; i++)
        {
            told[(int)Ask(_shedder, new AdmissionRequest(_any)).RetryAfter.TotalSeconds]++;
        }

        double latest = Array.FindLastIndex(told, count => count > 0);
        Assert.InRange(latest, Math.Min(30, refused / drain) / 3, 30);
    }

    [Fact]
    public void Slot_ThatComesFree_IsTakenByTheNextAtOnce()
    {
        for (int i = 0; i < 1000; i++)
        {
            for (int j = 0; j < 10; j++)
            {
                Assert.False(Ask(_shedder, new AdmissionRequest(_any)).IsAdmitted);
            }

            _running.Complete(Outcome.Success);
            _running = Ask(_shedder, new AdmissionRequest(_any));
            Assert.True(_running.IsAdmitted);
        }
    }

    [Fact]
    public void RetryAfter_WhileSomebodyListens_IsRecordedOfEach()
    {
        using var told = new MetricCollector<double>(_meters, "Backpressure", "backpressure.retry_after");

        for (int i = 0; i < 1000; i++)
        {
            Ask(_shedder, new AdmissionRequest(_any));
        }

        Assert.Equal(1000, told.GetMeasurementSnapshot().Count);
    }

    [Fact]
    public void Rejections_WhileTheLogTakesThem_AreLoggedEach()
    {
        using var shedder = new LoadShedder(Fixed(1, Overflow.Reject), TimeProvider.System, _logger);
        RequestClass any = shedder.ClassOf("any");
        Ask(shedder, new AdmissionRequest(any));

        for (int i = 0; i < 500; i++)
        {
            Ask(shedder, new AdmissionRequest(any));
        }

        Assert.Equal(500, _logger.Of(10).Count());
    }

    [Fact]
    public void Shutdown_IsTheReasonOfThoseWhoComeAfterIt()
    {
        Ask(_shedder, new AdmissionRequest(_any));
        Ask(_shedder, new AdmissionRequest(_any));

        _shedder.BeginShutdown();

        Assert.Equal(RejectionReason.ShuttingDown, Ask(_shedder, new AdmissionRequest(_any)).Reason);
    }

    [Fact]
    public void NoWait_OfAPolicyThatWaits_IsTurnedAwayAndTheOthersWait()
    {
        using var shedder = new LoadShedder(Fixed(1, Overflow.Block));
        RequestClass any = shedder.ClassOf("any");
        AdmissionLease running = Ask(shedder, new AdmissionRequest(any));
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(RejectionReason.LimitReached, Ask(shedder, new AdmissionRequest(any) { NoWait = true }).Reason);
        }

        ValueTask<AdmissionLease> waiting = shedder.AdmitAsync(new AdmissionRequest(any), TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        running.Complete(Outcome.Success);
        Assert.Equal(1, DownstreamOf(any).Gate.InFlight);
    }
}
