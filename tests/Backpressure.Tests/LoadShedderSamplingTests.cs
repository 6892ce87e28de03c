using Backpressure.Downstreams;
using Backpressure.Measurement;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

/// <summary>On the system's clock, since only there not everything is measured.</summary>
public sealed class LoadShedderSamplingTests : IDisposable
{
    private const int Requests = 64_000;

    private readonly ScopedMeterFactory _meters = new();
    private readonly LoadShedder _shedder;
    private readonly RequestClass _any;

    public LoadShedderSamplingTests()
    {
        _shedder = new LoadShedder(Fixed(8), TimeProvider.System, loggerFactory: null, _meters);
        _any = _shedder.ClassOf("any");
    }

    private Downstream Downstream => DownstreamOf(_any);

    public void Dispose()
    {
        _shedder.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public void Requests_BelowTheRate_AreAllMeasured()
    {
        Serve(100, Outcome.Success);

        Assert.Equal(100, Measured());
    }

    [Fact]
    public void Requests_AboveTheRate_AreMeasuredInPart_AndAllGiveTheirSlotsBack()
    {
        MeasureOneOfEight();
        uint before = Downstream.Gate.Sequence;

        Serve(8000, Outcome.Success);

        Assert.Equal(8000u, Downstream.Gate.Sequence - before);
        Assert.Equal(0, Downstream.Gate.InFlight);
        Assert.InRange(Measured(), 990, 1010);
    }

    [Fact]
    public void Dropped_OfThoseThatAreNotMeasured_LowersTheLimitAllTheSame()
    {
        using var shedder = new LoadShedder(
            Fixed(8, change: o => o.Downstreams["Default"].Limit = new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 20 }));
        RequestClass any = shedder.ClassOf("any");
        Downstream downstream = DownstreamOf(any);
        MeasureOneOfEight(downstream);

        // The limit moves when a window's time has come.
        for (int i = 0; i < 10_000_000 && downstream.Gate.Limit >= 20; i++)
        {
            AdmissionLease lease = Ask(shedder, new AdmissionRequest(any));
            lease.Complete(lease.StartedAt == 0 ? Outcome.Dropped : Outcome.Success);
        }

        Assert.InRange(downstream.Gate.Limit, 1, 19);
    }

    [Fact]
    public void ServiceTime_WhileSomebodyListens_IsOfEveryRequest()
    {
        using var times = new MetricCollector<double>(_meters, "Backpressure", "backpressure.service.time");
        MeasureOneOfEight();

        Serve(100, Outcome.Success);

        IReadOnlyList<CollectedMeasurement<double>> recorded = times.GetMeasurementSnapshot();
        Assert.Equal(100, recorded.Count);
        Assert.All(recorded, time => Assert.InRange(time.Value, 0, 60));
    }

    [Fact]
    public void LongLived_OfOneThatIsNotMeasured_FreesItsSlotAndItsPlace()
    {
        MeasureOneOfEight();
        for (int i = 0; i < 50; i++)
        {
            AdmissionLease lease = Ask(_shedder, new AdmissionRequest(_any));
            Assert.True(lease.BecomeLongLived());
            Assert.Equal((0, 1), (Downstream.Gate.InFlight, Downstream.LongLived));
            lease.Complete(Outcome.Success);
            lease.Complete(Outcome.Success);
            Assert.Equal((0, 0), (Downstream.Gate.InFlight, Downstream.LongLived));
        }
    }

    [Fact]
    public async Task Slot_OfOneThatIsNotMeasured_GoesToWhoWaits()
    {
        MeasureOneOfEight();
        for (int i = 0; i < 50; i++)
        {
            AdmissionLease[] running = [.. Enumerable.Range(0, 8).Select(_ => Ask(_shedder, new AdmissionRequest(_any)))];
            Task<AdmissionLease> waiting = _shedder.AdmitAsync(new AdmissionRequest(_any), CancellationToken.None).AsTask();
            for (int j = 0; j < running.Length; j++)
            {
                running[j].Complete(Outcome.Success);
            }

            AdmissionLease late = await Answer(waiting);
            Assert.True(late.IsAdmitted);
            late.Complete(Outcome.Success);
            late.Complete(Outcome.Success);
        }

        Assert.Equal(0, Downstream.Gate.InFlight);
    }

    [Fact]
    public async Task Requests_ThatWaited_AreMeasuredInPart_EachForAllItStandsFor()
    {
        const int Waited = 4000;
        MeasureOneOfEight();
        AdmissionLease[] running = [.. Enumerable.Range(0, 8).Select(_ => Ask(_shedder, new AdmissionRequest(_any)))];
        int before = Measured();
        for (int i = 0; i < Waited; i++)
        {
            Task<AdmissionLease> waiting = _shedder.AdmitAsync(new AdmissionRequest(_any), CancellationToken.None).AsTask();
            running[i % 8].Complete(Outcome.Success);
            running[i % 8] = await Answer(waiting);
            Assert.True(running[i % 8].IsAdmitted);
        }

        Assert.InRange(Measured() - before, 0.9 * Waited / 8, 1.1 * Waited / 8);
        for (int i = 0; i < 8; i++)
        {
            running[i].Complete(Outcome.Success);
        }

        Assert.Equal(0, Downstream.Gate.InFlight);
    }

    [Fact]
    public void Rate_ThatIsHigh_IsSeenByTheRequestsThemselves()
    {
        for (int i = 0; i < 200 && Downstream.Sampling.Shift == 0; i++)
        {
            Serve(Requests, Outcome.Success);
        }

        Assert.NotEqual(0, Downstream.Sampling.Shift);
    }

    private void MeasureOneOfEight() => MeasureOneOfEight(Downstream);

    // As if so many had been completed: looked at ahead of time, so that no look within the test finds out.
    private static void MeasureOneOfEight(Downstream downstream)
    {
        long ahead = TimeProvider.System.GetTimestamp() + (60 * TimeProvider.System.TimestampFrequency);
        downstream.Sampling.Look(downstream.Gate.Sequence + (60u * Sampling.Enough * 10), ahead);
        Assert.Equal(3, downstream.Sampling.Shift);
    }

    private void Serve(int times, Outcome outcome)
    {
        for (int i = 0; i < times; i++)
        {
            AdmissionLease lease = Ask(_shedder, new AdmissionRequest(_any));
            lease.ResponseStarted();
            lease.Complete(outcome);
        }
    }

    private int Measured() => (int)Downstream.Meter.Take() - 1;
}
