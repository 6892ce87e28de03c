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
                int waiting = 0;
                foreach (Priority priority in Enum.GetValues<Priority>())
                {
                    waiting += downstream.Gate.WaitingOf(priority);
                }

                yield return new QueueReading(downstream.Name, waiting, downstream.Gate.Limit);
            }
        }
    }

    internal CriticalCounts CountCritical() => _downstreams.CountCritical();
}
