using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Backpressure.Tests;

/// <summary>The counter <c>backpressure.requests</c> as somebody who listens sees it now.</summary>
internal sealed class Decisions
{
    private readonly IReadOnlyList<CollectedMeasurement<long>> _measured;

    private Decisions(IReadOnlyList<CollectedMeasurement<long>> measured) => _measured = measured;

    public long All => _measured.Sum(m => m.Value);

    public static Decisions Of(ShedderRig rig)
    {
        using var collector = new MetricCollector<long>(rig.Meters, "Backpressure", "backpressure.requests");
        collector.RecordObservableInstruments();
        return new Decisions(collector.GetMeasurementSnapshot());
    }

    public long Total(string decision, string reason = "none", string? policy = null, string? priority = null) => _measured
        .Where(m => (string?)m.Tags["backpressure.decision"] == decision
            && (string?)m.Tags["backpressure.reason"] == reason
            && (policy is null || (string?)m.Tags["backpressure.policy"] == policy)
            && (priority is null || (string?)m.Tags["backpressure.priority"] == priority))
        .Sum(m => m.Value);
}
