namespace Backpressure.Measurement;

/// <summary>
/// Decides when a window holds enough to judge the limit by, and sums it up. Needs the controller's lock.
/// </summary>
/// <remarks>
/// After a change of limit one mean latency is ignored, and what is still in flight above a lower limit, because those
/// departures were served under the old one. A window closes after 50 ms, 2.25 mean latencies, 1.75 residences (the
/// latency that a moment in flight belongs to: long requests fill the downstream, short ones the statistics) and 25
/// effective samples (12 by count in haste), if what has come back accounts for what was in flight. Sooner when the
/// requests in flight have spent 1.5 times what so many samples usually need, since then they *are* slower, which is
/// the news; and after 20 latencies if the gate is full anyway. Units that stay taken while all others come and go
/// (<see cref="LongHeld"/>) are neither waited for nor taken for slow: the work of the rest is taken to be theirs in proportion.
/// </remarks>
internal sealed partial class WindowBuilder
{
    private const double LeastSeconds = 0.05;

    // A cut for dropped requests needs time to show.
    private const double LeastSecondsAfterDropped = 0.1;
    private const double LeastLatencies = 2.25;
    private const double LeastResidences = 1.75;
    private const double EffectiveSamplesNeeded = 25;
    private const int HastySamples = 12;
    private const double CarefulNoise = 0.1;
    private const double Overdue = 1.5;
    private const double MostLatencies = 20;

    // With this many times the samples needed, latencies as they are now say better than those before how long to look.
    private const double Plenty = 2;

    // Seconds spent in flight ÷ latencies that came back. Above it only the short ones have come back yet.
    private const double Unaccounted = 1.3;

    // How unequal latencies may be and still be waited for: 1 ÷ their effective share.
    private const double MostUnequal = 16;

    // Below this a mean is an anecdote.
    private const int FewestSamples = 5;

    // A gate that is full and then has nothing in flight for this many mean latencies is not slow: nobody comes.
    private const double NobodyComes = 2;

    // Where one latency is all that counts, it is one request that takes a thousand times as long, not the next window's.
    private const double MostLonger = 4;
    private const double Alone = 2;

    // An idle gate's window would otherwise be a mixture of hours.
    private const double MostUnboundSeconds = 1;

    // No sample has ever come back, and others have met a full gate.
    private const double MostUnknownSeconds = 10;

    // While a lower limit comes into force, requests above it run on; a stuck one must not stop the learning.
    private const double MostSettlingLatencies = 4;

    // A window may happen to hold no long request; after so many samples it is no chance.
    private const double SamplesToForget = 400;

    private readonly ServiceMeter _meter;
    private readonly double _secondsPerTick;
    private GateReading _opening;
    private GateReading _last;
    private long _openedAt;
    private long _lastAt;
    private double _inFlightSeconds;
    private double _longHeldSeconds;
    private double _meanLatency;
    private double _residence;
    private double _longestResidence;
    private double _samplesSeen;
    private double _heldPerLatency = 1;
    private double _samplesPerEffective = 1.25;
    private double _settleSeconds;
    private bool _settling;
    private bool _warm;

    public WindowBuilder(ServiceMeter meter, long ticksPerSecond, long now)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ticksPerSecond);
        _meter = meter;
        _secondsPerTick = 1.0 / ticksPerSecond;
        _openedAt = now;
        _lastAt = now;
    }

    /// <summary>Whether units that stay taken while all others come and go are left out. False for laws that are shown all.</summary>
    public bool LeavesOutLongHeld
    {
        get;
        set
        {
            field = value;
            _meter.LongHeld.Stop();
        }
    } = true;

    /// <summary>Takes a reading; true when it closes the window.</summary>
    /// <param name="reading">Of the gate, now.</param>
    /// <param name="now">Timestamp.</param>
    /// <param name="pace">How much it has to hold.</param>
    /// <param name="window">What it saw.</param>
    public bool TryClose(in GateReading reading, long now, WindowPace pace, out WindowSummary window)
    {
        window = default;
        _meter.Drain(now);
        double longHeld = LongHeldOf(reading);
        GateReading before = _last;
        double step = Math.Max(0, now - _lastAt) * _secondsPerTick;
        _last = reading;
        _lastAt = now;
        double elapsed = Math.Max(0, now - _openedAt) * _secondsPerTick;
        if (_settling)
        {
            double most = MostSettlingLatencies * _settleSeconds;
            if (elapsed >= _settleSeconds && (reading.InFlight <= reading.Limit || elapsed >= most))
            {
                Restart(reading, now, Settling.None);
            }

            return false;
        }

        // The lesser of two readings: between the last request of a burst and the first of the next nothing ran.
        double inFlight = Math.Min(before.InFlight, reading.InFlight);
        longHeld = Math.Min(inFlight, longHeld);
        _inFlightSeconds += (inFlight - longHeld) * step;
        _longHeldSeconds += longHeld * step;
        long full = reading.FullArrivals - _opening.FullArrivals;
        if (full > 0 && before.FullArrivals == _opening.FullArrivals && elapsed > LeastSeconds)
        {
            // The load has just begun to press: what went before would only dilute it. Where nothing has come back ever, who pressed first counts.
            bool anew = _meter.DepartedUnits == 0;
            Restart(anew ? before with { InFlight = reading.InFlight } : reading, now, Settling.None);
            return false;
        }

        if (full > 0 && inFlight <= _meter.LongHeld.Noted && step > Math.Max(LeastSeconds, NobodyComes * _meanLatency))
        {
            // Nothing ran for want of work, which is no work done slowly.
            _openedAt += (long)(step / _secondsPerTick);
            _inFlightSeconds -= (inFlight - longHeld) * step;
            _longHeldSeconds -= longHeld * step;
            elapsed -= step;
        }

        MeterSums sums = _meter.Open;
        bool overdue = IsOverdue(sums, elapsed);
        if (!IsEnough(sums, elapsed, pace, full, overdue))
        {
            return false;
        }

        window = Sum(sums, reading, now, elapsed, full, overdue);
        _samplesSeen += sums.Samples;
        double forgotten = _longestResidence * Math.Exp(-sums.Samples / SamplesToForget);
        _longestResidence = sums.EffectiveSamples < Alone ? forgotten : Math.Max(sums.Residence, forgotten);
        if (!_warm && sums.Samples > 0)
        {
            // The first to come back are the short ones: no baseline is to be learnt from them, only how long to wait.
            _warm = true;
            _heldPerLatency = sums.HeldPerLatency;
            _meanLatency = Math.Max(sums.MeanLatency, _inFlightSeconds / (sums.Samples * _heldPerLatency));

            // Taken for alike, unequal ones would soon seem overdue, and the first baselines come from the short ones.
            _samplesPerEffective = Math.Clamp(sums.Samples / sums.EffectiveSamples, _samplesPerEffective, MostUnequal);
            if (sums.Dropped == 0)
            {
                Restart(reading, now, Settling.None);
                return false;
            }
        }

        if (sums.Samples >= FewestSamples || (sums.Samples > 0 && _meanLatency == 0))
        {
            bool alone = _meanLatency > 0 && sums.EffectiveSamples < Alone;
            _meanLatency = Math.Min(MeanLatencyOf(window), alone ? MostLonger * _meanLatency : double.PositiveInfinity);
            _heldPerLatency = sums.HeldPerLatency;
            _residence = alone ? _residence : sums.Residence;
            double ratio = sums.Samples / sums.EffectiveSamples;
            _samplesPerEffective += 0.2 * (Math.Min(ratio, MostUnequal) - _samplesPerEffective);
        }

        return true;
    }

    /// <summary>Opens the next window.</summary>
    public void Restart(in GateReading reading, long now, Settling settling)
    {
        _meter.Discard();
        _opening = reading;
        _openedAt = now;
        _inFlightSeconds = 0;
        _longHeldSeconds = 0;
        _settling = settling != Settling.None;
        _settleSeconds = settling == Settling.AfterDropped ? Math.Max(_meanLatency, LeastSecondsAfterDropped) : _meanLatency;
    }

    private double LongHeldOf(in GateReading reading)
    {
        if (!LeavesOutLongHeld || _samplesSeen < SamplesToForget)
        {
            return 0;
        }

        _meter.LongHeld.Look(
            reading.Mark,
            reading.InFlight,
            reading.ReadAt,
            _meter.DepartedUnits,
            _meanLatency / _secondsPerTick,
            _longestResidence / _secondsPerTick);
        return _meter.LongHeld.Units;
    }

    private bool IsOverdue(in MeterSums sums, double elapsed)
    {
        if (_meanLatency <= 0 || elapsed < LeastSeconds || elapsed < LeastLatencies * _meanLatency)
        {
            return false;
        }

        double usual = EffectiveSamplesNeeded * _samplesPerEffective * _meanLatency * _heldPerLatency;
        return _inFlightSeconds > Overdue * usual && sums.Samples > 0;
    }

    private bool IsEnough(in MeterSums sums, double elapsed, WindowPace pace, long full, bool overdue)
    {
        // Dropped requests are news at once, unless they are as few as stray faults would be.
        if (sums.Dropped * 50 > sums.Departures && (pace != WindowPace.Heard || sums.Samples + sums.Dropped >= EffectiveSamplesNeeded))
        {
            return true;
        }

        // What has come back must account for what was in flight, or only the short ones have been seen.
        bool accounted = _inFlightSeconds <= Unaccounted * sums.Held;
        double latency = _meanLatency > 0 ? _meanLatency : sums.MeanLatency;
        double residence = Math.Max(_residence, sums.Residence);
        if (accounted && sums.EffectiveSamples >= Plenty * EffectiveSamplesNeeded)
        {
            latency = Math.Min(latency, sums.MeanLatency);
            residence = Math.Min(residence, sums.Residence);
        }

        double longest = MostLatencies * latency;
        double least = Math.Max(LeastLatencies * latency, overdue ? 0 : Math.Min(LeastResidences * residence, longest));
        if (elapsed < Math.Max(LeastSeconds, least))
        {
            return false;
        }

        bool exact = pace != WindowPace.Careful || _meter.Noise() <= CarefulNoise;
        bool sampled = pace == WindowPace.Hasty ? sums.Samples >= HastySamples : sums.EffectiveSamples >= EffectiveSamplesNeeded;
        return (sampled && accounted && exact)
            || (overdue && exact)
            || (latency > 0 && elapsed > longest && (full > 0 || elapsed > MostUnboundSeconds))
            || (latency == 0 && full > 0 && elapsed > MostUnknownSeconds);
    }
}
