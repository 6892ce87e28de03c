using Backpressure.Downstreams;
using Backpressure.Observability;

namespace Backpressure;

/// <content>Readings for whoever asks after the whole shedder's health; read when asked for, at no cost to a request.</content>
public sealed partial class LoadShedder
{
    /// <summary>Who waits at each downstream; shadows, which hold nobody back, left out.</summary>
    internal IEnumerable<QueueReading> QueueReadings()
    {
        foreach (Downstream downstream in _downstreams.All)
        {
            if (!downstream.IsShadow)
            {
                yield return new QueueReading(downstream.Name, Priorities.All.Sum(downstream.Gate.WaitingOf), downstream.Gate.Limit);
            }
        }
    }

    internal CriticalCounts CountCritical() => _downstreams.CountCritical();
}
