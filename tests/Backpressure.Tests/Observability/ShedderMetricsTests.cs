using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests.Observability;

public sealed class ShedderMetricsTests
{
    [Fact]
    public void Meter_HasTheInstrumentsOfTheDesignWithUnitsAndDescriptions()
    {
        using var rig = new ShedderRig(Fixed(1));
        var found = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Scope == rig.Meters)
                {
                    found.Add(instrument);
                }
            },
        };
        listener.Start();

        Assert.Equal(
            [
                ("backpressure.limit", typeof(ObservableGauge<long>), "{request}"),
                ("backpressure.limit.floor", typeof(ObservableGauge<long>), "{request}"),
                ("backpressure.queue.depth", typeof(ObservableUpDownCounter<long>), "{request}"),
                ("backpressure.queue.time", typeof(Histogram<double>), "s"),
                ("backpressure.requests", typeof(ObservableCounter<long>), "{request}"),
                ("backpressure.requests.active", typeof(ObservableUpDownCounter<long>), "{request}"),
                ("backpressure.retry_after", typeof(Histogram<double>), "s"),
                ("backpressure.service.time", typeof(Histogram<double>), "s"),
                ("backpressure.signal", typeof(ObservableGauge<double>), "1"),
                ("backpressure.signal.stale", typeof(ObservableGauge<int>), "1"),
                ("backpressure.signal.value", typeof(ObservableGauge<double>), "{reading}"),
            ],
            found.OrderBy(i => i.Name, StringComparer.Ordinal).Select(i => (i.Name, i.GetType(), i.Unit!)));
        Assert.All(found, i => Assert.False(string.IsNullOrWhiteSpace(i.Description)));
        Assert.All(found.OfType<Histogram<double>>(), h => Assert.NotEmpty(h.Advice!.HistogramBucketBoundaries!));
    }

    [Fact]
    public void Meter_WithoutAFactory_IsTheSheddersOwnAndEndsWithIt()
    {
        var published = new List<Instrument>();
        var gone = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "Backpressure" && instrument.Meter.Scope is null && instrument.Name == "backpressure.limit")
                {
                    published.Add(instrument);
                    self.EnableMeasurementEvents(instrument);
                }
            },
            MeasurementsCompleted = (instrument, _) => gone.Add(instrument),
        };
        var shedder = new LoadShedder(Fixed(1));
        listener.Start();
        Instrument[] before = [.. published];
        Assert.NotEmpty(before);

        shedder.Dispose();

        Assert.Contains(gone, before.Contains);
    }

    [Fact]
    public void Limit_IsReadByDownstreamAndMode()
    {
        using var rig = new ShedderRig(Fixed(3, change: o =>
        {
            o.Downstreams["Db"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 9 } };
            o.Policies["Trial"] = new PolicyOptions { Downstream = "Db", Mode = BackpressureMode.Observe };
        }));

        Assert.Equal(
            ["Db enforce 9", "Db observe 9", "Default enforce 3"],
            Read(rig, "backpressure.limit", "backpressure.downstream", "backpressure.mode"));
        rig.Shedder.Reconfigure(Fixed(5));
        Assert.Contains("Default enforce 5", Read(rig, "backpressure.limit", "backpressure.downstream", "backpressure.mode"));
    }

    [Fact]
    public void LimitFloor_IsTheConfiguredMinimum_AndOneWhereOnlySignalsLowerTheLimit()
    {
        using var rig = new ShedderRig(Fixed(3, change: o => o.Downstreams["Db"] = new DownstreamOptions { Limit = new LimitOptions { Initial = 20, Min = 7 } }));
        rig.Ask(rig.Shedder.ClassOf("any"));

        Assert.Equal(["Db enforce 7", "Default enforce 1"], Read(rig, "backpressure.limit.floor", "backpressure.downstream", "backpressure.mode"));
    }

    [Fact]
    public void QueueDepth_IsReadByPriority()
    {
        using var rig = new ShedderRig(Fixed(1));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 1);
        rig.Wait(any);
        rig.Wait(any);
        rig.Wait(new AdmissionRequest(any) { Priority = Priority.Critical });

        Assert.Equal(
            ["Default enforce critical 1", "Default enforce high 0", "Default enforce low 0", "Default enforce normal 2"],
            Read(rig, "backpressure.queue.depth", "backpressure.downstream", "backpressure.mode", "backpressure.priority"));
    }

    [Fact]
    public void Active_IsReadByKind()
    {
        using var rig = new ShedderRig(Fixed(5));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 3);
        AdmissionLease stream = rig.Admitted(any);
        stream.BecomeLongLived();
        RequestClass probe = rig.Shedder.ClassOf("probe", exempt: true);
        AdmissionLease probed = rig.Ask(probe);
        rig.Ask(probe);

        Assert.Equal(
            ["Default exempt 2", "Default failed_open 0", "Default long_lived 1", "Default observed 0", "Default ordinary 3"],
            Read(rig, "backpressure.requests.active", "backpressure.downstream", "backpressure.kind"));
        stream.Complete(Outcome.Success);
        probed.Complete(Outcome.Success);
        Assert.Equal(
            ["Default exempt 1", "Default failed_open 0", "Default long_lived 0", "Default observed 0", "Default ordinary 3"],
            Read(rig, "backpressure.requests.active", "backpressure.downstream", "backpressure.kind"));
    }

    [Fact]
    public async Task Requests_EqualWhatHappenedByPolicyPriorityDecisionAndReason()
    {
        using var rig = new ShedderRig(Fixed(2, Overflow.Reject, o =>
        {
            o.Policies["Pay"] = new PolicyOptions { Priority = Priority.Critical, Overflow = Overflow.Block };
            o.Policies["Trial"] = new PolicyOptions { Priority = Priority.Low, Overflow = Overflow.Reject, Mode = BackpressureMode.Observe };
        }));
        RequestClass any = rig.Shedder.ClassOf("any");
        RequestClass pay = rig.Shedder.ClassOf("pay", "Pay");
        RequestClass trial = rig.Shedder.ClassOf("trial", "Trial");
        AdmissionLease[] running = rig.Fill(any, 2);
        rig.Ask(any);
        rig.Ask(new AdmissionRequest(any) { Priority = Priority.High });
        Task<AdmissionLease> paying = rig.Wait(pay);
        rig.Ask(trial);
        rig.Ask(rig.Shedder.ClassOf("health", exempt: true));
        running[0].Complete(Outcome.Success);
        await Answer(paying);

        Assert.Equal(
            [
                "Default Default high rejected limit_reached 1",
                "Default Default normal admitted none 2",
                "Default Default normal exempt none 1",
                "Default Default normal rejected limit_reached 1",
                "Default Pay critical admitted none 1",
                "Default Trial low would_reject limit_reached 1",
            ],
            Read(rig, "backpressure.requests", "backpressure.downstream", "backpressure.policy", "backpressure.priority", "backpressure.decision", "backpressure.reason"));
    }

    [Fact]
    public async Task Histograms_RecordTimesInSecondsWithTheirTags()
    {
        using var rig = new ShedderRig(Fixed(1));
        using var queue = new MetricCollector<double>(rig.Meters, "Backpressure", "backpressure.queue.time");
        using var service = new MetricCollector<double>(rig.Meters, "Backpressure", "backpressure.service.time");
        using var retry = new MetricCollector<double>(rig.Meters, "Backpressure", "backpressure.retry_after");
        RequestClass any = rig.Shedder.ClassOf("any");
        AdmissionLease running = rig.Admitted(any);
        Task<AdmissionLease> admitted = rig.Wait(any);
        using var leaving = new CancellationTokenSource();
        Task<AdmissionLease> leaves = rig.WaitOrLeave(new AdmissionRequest(any) { Priority = Priority.Low }, leaving.Token);
        rig.Time.Pass(250);
        await leaving.CancelAsync();
        await Answer(leaves);
        running.Complete(Outcome.Dropped);
        AdmissionLease second = await Answer(admitted);
        Task<AdmissionLease> inVain = rig.Wait(any);
        rig.Time.Pass(500);
        AdmissionLease refused = await Answer(inVain);
        Task<AdmissionLease> released = rig.Wait(any);
        rig.Shedder.Reconfigure(Fixed(1, change: o => o.Mode = BackpressureMode.Off));
        AdmissionLease through = await Answer(released);
        through.Complete(Outcome.Success);
        second.ResponseStarted();
        rig.Time.Pass(100);
        second.Complete(Outcome.Success);

        Assert.Equal(
            ["Default low rejected 0.25", "Default normal admitted 0.25", "Default normal rejected 0.5", "Default normal bypassed 0"],
            All(queue, "backpressure.downstream", "backpressure.priority", "backpressure.result"));
        Assert.Equal(
            ["Default normal dropped 0.25", "Default normal success 0.5"],
            All(service, "backpressure.downstream", "backpressure.priority", "backpressure.outcome"));
        Assert.Equal(
            [$"Default normal {refused.RetryAfter.TotalSeconds}"],
            All(retry, "backpressure.downstream", "backpressure.priority"));
    }

    [Fact]
    public async Task Requests_NeverGoDown_WhateverIsReloaded()
    {
        using var rig = new ShedderRig(Fixed(2));
        RequestClass any = rig.Shedder.ClassOf("any");
        var random = new Random(3);
        var before = new Dictionary<string, long>();
        var held = new List<AdmissionLease>();
        for (int i = 0; i < 400; i++)
        {
            Task<AdmissionLease> answer = rig.Shedder.AdmitAsync(new AdmissionRequest(any), CancellationToken.None).AsTask();
            if (answer.IsCompletedSuccessfully)
            {
                held.Add(await answer);
            }

            if (random.Next(3) == 0 && held.Count > 0)
            {
                AdmissionLease lease = held[^1];
                held.RemoveAt(held.Count - 1);
                lease.Complete(Outcome.Success);
            }

            if (i % 20 == 0)
            {
                BackpressureMode mode = (BackpressureMode)random.Next(3);
                rig.Shedder.Reconfigure(Fixed(random.Next(1, 4), (Overflow)random.Next(3), o => o.Mode = mode));
            }

            rig.Time.Pass(random.Next(100));
            var now = Read(rig, "backpressure.requests", "backpressure.policy", "backpressure.priority", "backpressure.decision", "backpressure.reason")
                .ToDictionary(line => line[..line.LastIndexOf(' ')], line => long.Parse(line[(line.LastIndexOf(' ') + 1)..]));
            Assert.All(before, pair => Assert.True(now.TryGetValue(pair.Key, out long total) && total >= pair.Value, $"{pair.Key} fell from {pair.Value}."));
            before = now;
        }

        Assert.True(before.Count >= 4, "Hardly anything happened.");
    }

    private static string[] Read(ShedderRig rig, string instrument, params string[] tags)
    {
        using var collector = new MetricCollector<long>(rig.Meters, "Backpressure", instrument);
        collector.RecordObservableInstruments();
        return [.. collector.GetMeasurementSnapshot().Select(m => Line(m, tags)).Order(StringComparer.Ordinal)];
    }

    private static string[] All(MetricCollector<double> collector, params string[] tags) =>
        [.. collector.GetMeasurementSnapshot().Select(m => Line(m, tags))];

    // Exactly these tags, in this order, and the value.
    private static string Line<T>(CollectedMeasurement<T> measurement, string[] tags)
        where T : struct
    {
        Assert.All(measurement.Tags.Keys, key => Assert.StartsWith("backpressure.", key, StringComparison.Ordinal));
        return string.Join(' ', [.. tags.Select(t => measurement.Tags[t]), measurement.Value]);
    }
}
