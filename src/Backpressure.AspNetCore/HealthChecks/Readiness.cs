using Backpressure.Observability;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Backpressure.AspNetCore.HealthChecks;

/// <summary>What a look at a shedder has found.</summary>
/// <param name="Status">Healthy, degraded or unhealthy.</param>
/// <param name="RefusedShare">The share of critical requests refused lately for want of capacity.</param>
/// <param name="LongestQueue">The downstream with most waiting requests for each unit of its limit; null: nobody waits.</param>
/// <param name="Overloaded">Whether critical requests have been refused lately: unhealthy, if this were its slot.</param>
/// <param name="ReadyAt">When an unhealthy one is ready again at the latest.</param>
internal readonly record struct Readiness(HealthStatus Status, double RefusedShare, QueueReading? LongestQueue, bool Overloaded, long ReadyAt);
