using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Backpressure.AspNetCore.Hosting;

/// <summary>What the health checks last said, as a reading: 0 healthy, 0.5 degraded, 1 unhealthy.</summary>
/// <param name="name">The signal's name.</param>
/// <param name="checkName">The check; null: the worst of all.</param>
internal sealed class HealthSignal(string name, string? checkName) : ICapacitySignal, IHealthCheckPublisher
{
    private double _reading = double.NaN;

    public string Name => name;

    // It is read once: a report that is not followed by another must go stale.
    public double Read() => Interlocked.Exchange(ref _reading, double.NaN);

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        HealthStatus? status = checkName is null ? report.Status
            : report.Entries.TryGetValue(checkName, out HealthReportEntry entry) ? entry.Status : null;
        Volatile.Write(ref _reading, status switch
        {
            HealthStatus.Healthy => 0,
            HealthStatus.Degraded => 0.5,
            HealthStatus.Unhealthy => 1,
            _ => double.NaN,
        });
        return Task.CompletedTask;
    }
}
