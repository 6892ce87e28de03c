using System.Text.Json.Serialization;
using Backpressure;

namespace Chain.Load;

/// <summary>What became of one request.</summary>
/// <param name="Priority">How important it is.</param>
/// <param name="ScheduledMs">When it was to be sent, from the start of the load.</param>
/// <param name="SendLagMs">How much later than that it was sent.</param>
/// <param name="LatencyMs">From when it was *to be* sent to its end: a late generator hides nothing.</param>
/// <param name="Status">The answer's; 0: the client's patience ended first, or the connection failed.</param>
internal readonly record struct RequestRecord(Priority Priority, double ScheduledMs, double SendLagMs, double LatencyMs, int Status)
{
    [JsonIgnore]
    public bool IsServed => Status == 200 && LatencyMs <= Scenario.Patience.TotalMilliseconds;

    [JsonIgnore]
    public double ScheduledSeconds => ScheduledMs / 1000;

    [JsonIgnore]
    public double EndedSeconds => (ScheduledMs + LatencyMs) / 1000;
}
