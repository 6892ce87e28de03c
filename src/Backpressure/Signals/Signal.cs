using Backpressure.Configuration;

namespace Backpressure.Signals;

/// <summary>One configured signal as it runs. Changed only by the board's one sampler; read by anybody.</summary>
internal sealed class Signal : IDisposable
{
    private readonly ISignalSource _source;
    private readonly long _ticksPerSecond;
    private readonly Action<SignalChange> _changed;
    private double _level;
    private double _value = double.NaN;
    private double _last = double.NaN;
    private long _readAt;
    private long _knownAt;
    private bool _stale;
    private bool _faultTold;

    public Signal(SignalSettings settings, ISignalSource source, long ticksPerSecond, long now, Action<SignalChange> changed)
    {
        Settings = settings;
        _source = source;
        _ticksPerSecond = ticksPerSecond;
        _readAt = now;
        _knownAt = now;
        _changed = changed;
    }

    public SignalSettings Settings { get; }

    /// <summary>0: does not lower; 1: lowers to the minimum.</summary>
    public double Level => Volatile.Read(ref _level);

    /// <summary>The value behind it; NaN: none.</summary>
    public double Value => Volatile.Read(ref _value);

    /// <summary>Whether it has had no reading for so long that it does not count.</summary>
    public bool IsStale => Volatile.Read(ref _stale);

    /// <summary>Reads it. Never throws.</summary>
    public void Sample(long now)
    {
        double reading = ReadSafely(now);
        double seconds = Math.Max(0, (double)(now - _readAt) / _ticksPerSecond);
        _readAt = now;
        if (double.IsFinite(reading))
        {
            _knownAt = now;
            _last = reading;
        }

        // What was read last holds until something else is, or it is too old.
        bool tooOld = now - _knownAt > Settings.StaleAfter.TotalSeconds * _ticksPerSecond;
        if (tooOld)
        {
            _last = double.NaN;
        }

        bool known = double.IsFinite(_last);
        var before = new SignalLevel(_value, _level);
        SignalLevel after = known ? before.After(_last, seconds, Settings.Smoothing.TotalSeconds, Settings.Soft, Settings.Hard) : SignalLevel.None;
        Volatile.Write(ref _value, after.Value);
        Volatile.Write(ref _level, after.Level);
        if (known || tooOld)
        {
            Become(stale: tooOld);
        }

        bool lowering = after.Level > 0;
        if (lowering != before.Level > 0)
        {
            _changed(new SignalChange(this, lowering ? SignalChangeKind.BeganLowering : SignalChangeKind.StoppedLowering));
        }
    }

    public void Dispose() => _source.Dispose();

    private double ReadSafely(long now)
    {
        try
        {
            return _source.Read(now);
        }
#pragma warning disable CA1031 // Anybody's code and anybody's instruments: what they throw means that nothing is known.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            if (!_faultTold)
            {
                _faultTold = true;
                _changed(new SignalChange(this, SignalChangeKind.Faulted) { Fault = fault });
            }

            return double.NaN;
        }
    }

    private void Become(bool stale)
    {
        if (_stale == stale)
        {
            return;
        }

        Volatile.Write(ref _stale, stale);
        _faultTold &= stale;
        _changed(stale
            ? new SignalChange(this, SignalChangeKind.WentStale) { Absence = _source.Absence }
            : new SignalChange(this, SignalChangeKind.CameBack));
    }
}
