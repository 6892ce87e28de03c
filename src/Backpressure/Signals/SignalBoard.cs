using Backpressure.Configuration;

namespace Backpressure.Signals;

/// <summary>
/// All signals that some downstream names, read ten times a second: by a timer, and by the requests that step the laws, since a
/// timer needs a thread of the very pool whose want of threads a signal may be about.
/// </summary>
internal sealed class SignalBoard : IDisposable
{
    private const int SamplesPerSecond = 10;

    private readonly TimeProvider _time;
    private readonly SignalSources _sources;
    private readonly Action<SignalChange> _changed;
    private readonly Action<long> _sampled;
    private readonly long _interval;
    private readonly Lock _sampling = new();
    private readonly ITimer _timer;
    private volatile Signal[] _signals = [];
    private long _due = long.MaxValue;
    private bool _disposed;

    /// <param name="time">The clock.</param>
    /// <param name="sources">Makes what a signal reads.</param>
    /// <param name="changed">Told of changes of state; must not throw.</param>
    /// <param name="sampled">Called after each round of readings, with its time; must not throw.</param>
    public SignalBoard(TimeProvider time, SignalSources sources, Action<SignalChange> changed, Action<long> sampled)
    {
        _time = time;
        _sources = sources;
        _changed = changed;
        _sampled = sampled;
        _interval = Math.Max(1, time.TimestampFrequency / SamplesPerSecond);
        _timer = time.CreateTimer(
            static board => ((SignalBoard)board!).LookFromTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public IReadOnlyList<Signal> All => _signals;

    /// <summary>Takes over new settings: a signal that has not changed keeps its readings.</summary>
    public void Reconfigure(ShedderSettings settings)
    {
        lock (_sampling)
        {
            if (_disposed)
            {
                return;
            }

            long now = _time.GetTimestamp();
            Signal[] before = _signals;
            var wanted = settings.Downstreams.Values
                .SelectMany(static downstream => downstream.Signals)
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .Select(name => settings.Signals[name]);
            Signal[] after = [.. wanted.Select(signal => Array.Find(before, old => old.Settings == signal)
                ?? new Signal(signal, _sources.Make(signal, now), _time.TimestampFrequency, now, _changed))];
            _signals = after;
            foreach (Signal obsolete in before.Except(after))
            {
                obsolete.Dispose();
            }

            bool any = after.Length > 0;
            Volatile.Write(ref _due, any ? now : long.MaxValue);
            TimeSpan pace = any ? TimeSpan.FromSeconds(1.0 / SamplesPerSecond) : Timeout.InfiniteTimeSpan;
            _timer.Change(pace, pace);
        }

        _sampled(_time.GetTimestamp());
    }

    /// <summary>The strongest of the named signals.</summary>
    /// <returns>Its level, 0 to 1, and its name; 0 and null when none lowers.</returns>
    public (double Level, string? Name) StrongestOf(IReadOnlyList<string> names)
    {
        double level = 0;
        string? strongest = null;
        foreach (Signal signal in _signals)
        {
            if (signal.Level > level && Contains(names, signal.Settings.Name))
            {
                level = signal.Level;
                strongest = signal.Settings.Name;
            }
        }

        return (level, strongest);
    }

    /// <summary>Reads all signals if it is time, unless another caller is at it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="early">By how much it may be too early.</param>
    public void LookIfDue(long now, long early = 0)
    {
        if (now + early < Volatile.Read(ref _due) || !_sampling.TryEnter())
        {
            return;
        }

        try
        {
            if (_disposed || now + early < _due)
            {
                return;
            }

            Volatile.Write(ref _due, now + _interval);
            foreach (Signal signal in _signals)
            {
                signal.Sample(now);
            }
        }
        finally
        {
            _sampling.Exit();
        }

        _sampled(now);
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_sampling)
        {
            _disposed = true;
            foreach (Signal signal in _signals)
            {
                signal.Dispose();
            }

            _signals = [];
        }
    }

    // A timer is a little early now and then; what it came for is not put off to its next time.
    private void LookFromTimer() => LookIfDue(_time.GetTimestamp(), early: _interval / 10);

    private static bool Contains(IReadOnlyList<string> names, string name)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (string.Equals(names[i], name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
