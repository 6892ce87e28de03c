using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Backpressure.AspNetCore.HealthChecks;

/// <summary>Says whether this replica should get traffic. Costs nothing between two questions.</summary>
internal sealed class BackpressureHealthCheck : IHealthCheck
{
    private readonly LoadShedder _shedder;
    private readonly BackpressureHealthOptions _options;
    private readonly TimeProvider _time;
    private readonly ReadinessState _state;
    private readonly Lock _lock = new();

    public BackpressureHealthCheck(LoadShedder shedder, BackpressureHealthOptions options, TimeProvider time, Random random)
    {
        _shedder = shedder;
        _options = options;
        _time = time;
        long now = time.GetTimestamp();
        var slots = new UnreadySlots(random, Ticks(options.MaxUnready), options.MaxUnreadyShare, now);
        _state = new ReadinessState(options, slots, Ticks(options.Window), shedder.CountCritical(), now);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        Readiness readiness;
        long now;
        lock (_lock)
        {
            now = _time.GetTimestamp();
            readiness = _state.Look(now, _shedder.CountCritical(), _shedder.QueueReadings());
        }

        var data = new Dictionary<string, object>(StringComparer.Ordinal) { ["critical_refused_share"] = readiness.RefusedShare };
        if (readiness.LongestQueue is { } queue)
        {
            data["downstream"] = queue.Downstream;
            data["waiting"] = queue.Waiting;
            data["limit"] = queue.Limit;
        }

        HealthStatus status = readiness.Status == HealthStatus.Unhealthy ? context.Registration.FailureStatus : readiness.Status;
        return Task.FromResult(new HealthCheckResult(status, Describe(readiness, now), exception: null, data));
    }

    private string Describe(in Readiness readiness, long now)
    {
        string refused = string.Create(
            CultureInfo.InvariantCulture, $"{readiness.RefusedShare:P0} of critical requests were refused in the last {_options.Window.TotalSeconds:0} s");
        return readiness switch
        {
            { Status: HealthStatus.Unhealthy } => string.Create(
                CultureInfo.InvariantCulture, $"{refused}. Ready again within {Math.Ceiling(_time.GetElapsedTime(now, readiness.ReadyAt).TotalSeconds):0} s, whatever happens."),
            { Overloaded: true } => $"{refused}. Ready all the same: not all replicas may leave at once.",
            { Status: HealthStatus.Degraded, LongestQueue: { } queue } => $"{queue.Waiting} requests wait for {queue.Downstream}, whose limit is {queue.Limit}.",
            _ => "Nothing critical is refused and no queue is long.",
        };
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * _time.TimestampFrequency);
}
