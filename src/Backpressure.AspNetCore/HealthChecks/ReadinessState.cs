using Backpressure.Observability;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Backpressure.AspNetCore.HealthChecks;

/// <summary>
/// Decides, from what has been counted, whether a replica is ready. Told the time and the counts by whoever asks, as often as they
/// like: the answer depends on neither. Not thread-safe.
/// </summary>
internal sealed class ReadinessState
{
    /// <summary>One refusal among few requests is no state.</summary>
    private const int FewestRefused = 5;

    /// <summary>Looks that are kept of one window.</summary>
    private const int LooksOfWindow = 10;

    private readonly BackpressureHealthOptions _options;
    private readonly UnreadySlots _slots;
    private readonly long _window;

    // The first is as old as the window or older, once there is such a one.
    private readonly Queue<(long At, CriticalCounts Counts)> _looks = new();
    private (long At, CriticalCounts Counts) _last;
    private long _lastRefusedAt;
    private long _endOfSpentSlot = long.MinValue;
    private bool _overloaded;
    private bool _unready;
    private bool _long;

    /// <summary>Begins ready.</summary>
    public ReadinessState(BackpressureHealthOptions options, UnreadySlots slots, long window, CriticalCounts counts, long now)
    {
        _options = options;
        _slots = slots;
        _window = window;
        _last = (now, counts);
        _looks.Enqueue(_last);
    }

    public Readiness Look(long now, CriticalCounts counts, IEnumerable<QueueReading> queues)
    {
        double share = NoteCritical(now, counts);
        QueueReading? longest = NoteQueues(queues);
        long? slotEnd = _slots.EndAt(now);
        bool wasUnready = _unready;

        // One stretch a slot: whoever has come back in it stays.
        _unready = _overloaded && slotEnd is { } end && end != _endOfSpentSlot;
        if (wasUnready && !_unready && slotEnd is { } spent)
        {
            _endOfSpentSlot = spent;
        }

        HealthStatus status = _unready ? HealthStatus.Unhealthy : _overloaded || _long ? HealthStatus.Degraded : HealthStatus.Healthy;
        return new Readiness(status, share, longest, _overloaded, _unready ? slotEnd!.Value : now);
    }

    private double NoteCritical(long now, CriticalCounts counts)
    {
        if (counts.Refused != _last.Counts.Refused)
        {
            _lastRefusedAt = now;
        }

        _last = (now, counts);
        if (now - _looks.Last().At >= _window / LooksOfWindow)
        {
            _looks.Enqueue(_last);
        }

        while (_looks.Count > 1 && now - _looks.ElementAt(1).At >= _window)
        {
            _looks.Dequeue();
        }

        CriticalCounts before = _looks.Peek().Counts;
        long refused = counts.Refused - before.Refused;
        long decided = refused + counts.Admitted - before.Admitted;
        double share = decided > 0 ? (double)refused / decided : 0;
        _overloaded = _overloaded
            ? now - _lastRefusedAt < _window
            : refused >= FewestRefused && share >= _options.CriticalShare;
        return share;
    }

    private QueueReading? NoteQueues(IEnumerable<QueueReading> queues)
    {
        QueueReading? longest = null;
        foreach (QueueReading queue in queues)
        {
            if (queue.Waiting > 0 && queue.ToLimit > (longest?.ToLimit ?? 0))
            {
                longest = queue;
            }
        }

        _long = (longest?.ToLimit ?? 0) >= (_long ? _options.LongQueue / 2 : _options.LongQueue);
        return longest;
    }
}
