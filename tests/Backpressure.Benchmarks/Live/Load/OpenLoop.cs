using System.Collections.Concurrent;

namespace Backpressure.Benchmarks.Live;

/// <summary>
/// Requests arrive at random (Poisson), whether or not those before them have been served. When each is to be sent is
/// drawn beforehand and its latency is counted from then, so neither a slow server nor a slow generator can make the
/// figures look better (no coordinated omission).
/// </summary>
internal sealed class OpenLoop(Wires wires, LoadSettings settings, ReadOnlyMemory<byte>[] requests, TimeProvider time)
{
    private const double FirstBackoffMs = 100;

    // Waking is what costs most: a burst of two or three together is cheaper than each at its instant.
    private static readonly TimeSpan ShortestSleep = TimeSpan.FromMicroseconds(300);

    private readonly Lock _lock = new();
    private readonly List<AttemptRecord> _records = new(100_000);
    private readonly Queue<Attempt> _underWay = new();
    private readonly ConcurrentQueue<Attempt> _again = new();
    private readonly PriorityQueue<Attempt, long> _later = new();
    private readonly Random _random = new(settings.Seed);
    private readonly long _timeout = time.TimestampFrequency * settings.ClientTimeoutMs / 1000;

    private long _start;

    /// <summary>Attempts under way or to come.</summary>
    private int _open;

    public IReadOnlyCollection<AttemptRecord> Records => _records;

    public int Attempts => _records.Count;

    /// <summary>Sends until the time is up, then waits for every answer still due: a time-out for each attempt at most.</summary>
    public void Run(long start)
    {
        _start = start;
        foreach (Attempt arrival in Arrivals())
        {
            // Also when it is late itself: clients give up all the same.
            SeeToTheOthers();
            SeeToTheOthersUntil(arrival.Due);
            Interlocked.Increment(ref _open);
            Send(arrival);
        }

        // The last is due somewhat before the time is up, and what is measured by phases needs all of it.
        SeeToTheOthersUntil(start + (long)(settings.Phases.Sum(static phase => phase.Seconds) * time.TimestampFrequency));
        while (Volatile.Read(ref _open) > 0)
        {
            FineSleep.Until(long.MaxValue, ShortestSleep, time);
            SeeToTheOthers();
        }
    }

    private void SeeToTheOthersUntil(long due)
    {
        while (time.GetTimestamp() < due)
        {
            FineSleep.Until(due, ShortestSleep, time);
            SeeToTheOthers();
        }
    }

    private void SeeToTheOthers()
    {
        SendAgain();
        HangUpOnTheLate();
    }

    private IEnumerable<Attempt> Arrivals()
    {
        double second = 0;
        double end = 0;
        foreach (Phase phase in settings.Phases)
        {
            second = Math.Max(second, end);
            end += phase.Seconds;
            while ((second += -Math.Log(1 - _random.NextDouble()) / phase.RequestsPerSecond) < end)
            {
                long due = _start + (long)(second * time.TimestampFrequency);
                yield return new Attempt(Draw(phase.Shares), 0, due, due);
            }

            // Poisson has no memory: the next phase draws anew from its own start.
            second = end;
        }
    }

    private int Draw(double[] shares)
    {
        double drawn = _random.NextDouble();
        int route = 0;
        while (route < shares.Length - 1 && (drawn -= shares[route]) >= 0)
        {
            route++;
        }

        return route;
    }

    private void SendAgain()
    {
        while (_again.TryDequeue(out Attempt? attempt))
        {
            _later.Enqueue(attempt, attempt.Due);
        }

        while (_later.TryPeek(out Attempt? next, out long due) && due <= time.GetTimestamp())
        {
            _later.Dequeue();
            Send(next);
        }
    }

    private void Send(Attempt attempt)
    {
        attempt.Sent = time.GetTimestamp();
        if (attempt.Due + _timeout < attempt.Sent)
        {
            // So late that its client has given up already. To dial and hang up at once would only make the next later.
            End(attempt, Ending.TimedOut, status: 0);
            return;
        }

        attempt.Wire = wires.Take();
        _underWay.Enqueue(attempt);
        _ = ExchangeAsync(attempt, attempt.Wire);
    }

    private async Task ExchangeAsync(Attempt attempt, Wire wire)
    {
        int status = await wire.ExchangeAsync(requests[attempt.Route]);
        if (attempt.TryEnd())
        {
            wires.GiveBack(wire);
            End(attempt, status == Wire.Failed ? Ending.Failed : Ending.Answered, status);
        }
        else
        {
            wire.Dispose();
        }
    }

    /// <summary>All clients wait equally long, so the first that was to be sent is the first to give up.</summary>
    private void HangUpOnTheLate()
    {
        while (_underWay.TryPeek(out Attempt? attempt) && attempt.Due + _timeout < time.GetTimestamp())
        {
            _underWay.Dequeue();
            if (attempt.TryEnd())
            {
                attempt.Wire!.HangUp();
                End(attempt, Ending.TimedOut, status: 0);
            }
        }
    }

    private void End(Attempt attempt, Ending ending, int status)
    {
        AttemptRecord record = new(
            (byte)attempt.Route,
            (byte)attempt.Number,
            IsLast: true,
            Milliseconds(attempt.FirstDue - _start),
            Milliseconds(attempt.Due - _start),
            Milliseconds(attempt.Sent - attempt.Due),
            Milliseconds(time.GetTimestamp() - _start),
            ending,
            (short)status);
        if (attempt.Number < settings.Retries && !record.IsSuccess(settings.ClientTimeoutMs))
        {
            record = record with { IsLast = false };
            TryAgain(attempt);
        }

        lock (_lock)
        {
            _records.Add(record);
        }

        if (record.IsLast)
        {
            Interlocked.Decrement(ref _open);
        }
    }

    /// <summary>As clients do that were given no better advice: after a pause that doubles, half of it at random.</summary>
    private void TryAgain(Attempt attempt)
    {
        double pauseMs = FirstBackoffMs * (1 << attempt.Number) * (0.5 + (0.5 * Random.Shared.NextDouble()));
        long due = time.GetTimestamp() + (long)(pauseMs / 1000 * time.TimestampFrequency);
        _again.Enqueue(new Attempt(attempt.Route, attempt.Number + 1, attempt.FirstDue, due));
    }

    private float Milliseconds(long ticks) => (float)(ticks * 1000.0 / time.TimestampFrequency);
}
