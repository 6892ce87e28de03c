using System.Diagnostics.CodeAnalysis;
using Backpressure.Observability;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Backpressure.Tests;

[SuppressMessage("Reliability", "CA2025:Ensure tasks using 'IDisposable' instances complete before the instances are disposed", Justification = "Each wait is awaited before its shedder goes.")]
public sealed class LoadShedderSnapshotTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));

    [Fact]
    public async Task Snapshot_TellsWhatIsInFlightWaitsAndWasDecided()
    {
        using LoadShedder shedder = Make();
        AdmissionLease running = await AdmitAsync(shedder, "Db");
        Task<AdmissionLease> waiting = AdmitAsync(shedder, "Db", Priority.Low);
        AdmissionLease refused = await AdmitAsync(shedder, "Db", Priority.High, noWait: true);
        _time.Advance(TimeSpan.FromSeconds(3));

        ShedderSnapshot snapshot = shedder.GetSnapshot();

        GateSnapshot gate = Assert.Single(snapshot.Gates, static gate => gate is { Downstream: "Db", IsShadow: false });
        Assert.Equal((1, 1, false), (gate.Limit, gate.InFlight, gate.IsShadow));
        Assert.Equal([0, 0, 0, 1], gate.Waiting);
        Assert.Equal(16, gate.Capacity);
        Assert.Equal(_time.GetUtcNow().AddSeconds(-3), gate.SheddingSince);
        DecisionTotals totals = snapshot.Decisions[("Db", false)];
        Assert.Equal(1, totals.Of(AdmissionDecision.Admitted, Priority.Normal));
        Assert.Equal(1, totals.Of(AdmissionDecision.Rejected, Priority.High));
        Assert.Equal(1, totals.Of(AdmissionDecision.Rejected, Priority.High, RejectionReason.LimitReached));
        Assert.Equal(0, totals.Of(AdmissionDecision.Rejected, Priority.Low));
        Assert.False(refused.IsAdmitted);
        running.Complete(Outcome.Success);
        AdmissionLease waited = await waiting;
        waited.Complete(Outcome.Success);
    }

    [Fact]
    public async Task Snapshot_TellsApartWhatIsObserved()
    {
        using LoadShedder shedder = Make();
        AdmissionLease first = await AdmitAsync(shedder, "Observed");
        AdmissionLease second = await AdmitAsync(shedder, "Observed", noWait: true);

        ShedderSnapshot snapshot = shedder.GetSnapshot();

        GateSnapshot[] gates = [.. snapshot.Gates.Where(static gate => gate.Downstream == "Db")];
        Assert.Equal([false, true], gates.Select(static gate => gate.IsShadow));
        Assert.Equal(1, gates[0].Observed);
        Assert.Equal(1, gates[1].InFlight);
        DecisionTotals totals = snapshot.Decisions[("Db", true)];
        Assert.Equal(1, totals.Of(AdmissionDecision.Admitted, Priority.Normal));
        Assert.Equal(1, totals.Of(AdmissionDecision.WouldReject, Priority.Normal, RejectionReason.LimitReached));
        first.Complete(Outcome.Success);
        second.Complete(Outcome.Success);
    }

    [Fact]
    public void Totals_ThatAreReadTogether_AreThoseThatAreReadOneByOne()
    {
        var counters = new DecisionCounters("Policy", "Db");
        Parallel.For(0, 1000, i =>
        {
            counters.Admitted((Priority)(i % 4));
            counters.Rejected((Priority)(i % 4), (RejectionReason)(1 + (i % 11)));
            counters.WouldReject(Priority.Low, RejectionReason.QueueFull);
        });
        var totals = new DecisionTotals();

        totals.Add(counters);

        long sum = 0;
        foreach (Priority priority in Priorities.All)
        {
            Assert.Equal(250, totals.Of(AdmissionDecision.Admitted, priority));
            Assert.Equal(250, totals.Of(AdmissionDecision.Rejected, priority));
            sum += DecisionCounters.AllReasons.Sum(reason => totals.Of(AdmissionDecision.Rejected, priority, reason));
        }

        Assert.Equal(1000, sum);
        Assert.Equal(1000, totals.Of(AdmissionDecision.WouldReject, Priority.Low));
        Assert.Equal(3000, counters.Measure().Sum(static measured => measured.Value));
    }

    [Fact]
    public async Task Taken_IsToldOfThoseWhoHadToWait()
    {
        using LoadShedder shedder = Make();
        var taken = new List<long>();
        shedder.Taken = (_, charge) => taken.Add(charge.Taken);
        AdmissionLease running = await AdmitAsync(shedder, "Db");
        Task<AdmissionLease> waiting = AdmitAsync(shedder, "Db", partition: "tenant");
        running.Complete(Outcome.Success);
        AdmissionLease waited = await waiting;
        _time.Advance(TimeSpan.FromSeconds(2));

        waited.Complete(Outcome.Success);

        Assert.Equal([2 * _time.TimestampFrequency], taken);
    }

    [Fact]
    public async Task Changes_TellOfShedding()
    {
        using LoadShedder shedder = Make();
        AdmissionLease running = await AdmitAsync(shedder, "Db");
        await AdmitAsync(shedder, "Db", noWait: true);
        for (int second = 0; second < 12; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([StateChangeKind.SheddingBegan, StateChangeKind.SheddingStopped], shedder.Changes.Read().Select(static change => change.Kind));
        Assert.Null(shedder.GetSnapshot().Gates.Single(static gate => gate is { Downstream: "Db", IsShadow: false }).SheddingSince);
        running.Complete(Outcome.Success);
    }

    private LoadShedder Make()
    {
        var options = new BackpressureOptions();
        options.Downstreams["Db"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 } };
        options.Policies["Db"] = new PolicyOptions { Downstream = "Db", MaxWait = TimeSpan.FromMinutes(1) };
        options.Policies["Observed"] = new PolicyOptions { Downstream = "Db", Mode = BackpressureMode.Observe };
        return new LoadShedder(options, _time);
    }

    private static Task<AdmissionLease> AdmitAsync(
        LoadShedder shedder, string policy, Priority? priority = null, bool noWait = false, string? partition = null) => shedder.AdmitAsync(
            new AdmissionRequest(shedder.ClassOf("route", policy, priority)) { NoWait = noWait, Partition = partition }, TestContext.Current.CancellationToken).AsTask();
}
