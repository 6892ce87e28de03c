using System.Runtime.CompilerServices;
using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <summary>
/// Runs a gate's limit: drains the meter, closes windows, steps the law. Driven by the requests themselves: whichever
/// of them finds it due, and finds nobody else at it, does the work. No timer, no thread, no waiting.
/// </summary>
/// <remarks>
/// Deterministic: what it decides follows from the samples, the readings and the timestamps alone.
/// </remarks>
internal sealed class LimitController
{
    // A quarter of the ring: three more quarters may pass while the one that drains is kept from its core.
    private const uint DrainMask = (ServiceMeter.RingSize / 4) - 1;

    // A tenth of the shortest window.
    private const int StepsPerSecond = 200;

    private readonly Lock _lock = new();
    private readonly ServiceMeter _meter;
    private readonly WindowBuilder _window;
    private readonly long _interval;
    private LimitSettings _settings;
    private ILimitLaw _law;
    private long _due;
    private long _steppedAt;
    private bool _held;

    /// <param name="settings">Bounds and the initial limit.</param>
    /// <param name="meter">What passes.</param>
    /// <param name="ticksPerSecond">The clock's resolution.</param>
    /// <param name="now">The time.</param>
    /// <param name="law">In place of the configured algorithm until a reload names another; null: that.</param>
    public LimitController(LimitSettings settings, ServiceMeter meter, long ticksPerSecond, long now, ILimitLaw? law = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ticksPerSecond);
        _settings = settings;
        _meter = meter;
        _window = new WindowBuilder(meter, ticksPerSecond, now);
        _interval = Math.Max(1, ticksPerSecond / StepsPerSecond);
        _law = law ?? LawOf(settings);
        _window.LeavesOutLongHeld = _law.Settles;
        _due = now + _interval;
        _steppedAt = now;
    }

    /// <summary>The decision in force.</summary>
    public LimitDecision Current
    {
        get
        {
            lock (_lock)
            {
                return _law.Current;
            }
        }
    }

    /// <summary>
    /// Whether <see cref="TryStep"/> should be called: every 256 completions, every 5 ms. Ask at each completion, and at
    /// refusals too, or a downstream that answers nothing is noticed only when it answers again.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsDue(uint sequence, long now) => (sequence & DrainMask) == 0 || now >= Volatile.Read(ref _due);

    /// <summary>Does what is due, unless another caller is at it.</summary>
    /// <returns>True when the limit or the nominal limit changed: put <paramref name="decision"/> in force.</returns>
    public bool TryStep(in GateReading reading, long now, out LimitDecision decision)
    {
        decision = default;
        if (!_lock.TryEnter())
        {
            return false;
        }

        try
        {
            if (now < _steppedAt)
            {
                // Held up between its reading and the lock, while others have stepped: what it has seen is known.
                return false;
            }

            _steppedAt = now;
            Volatile.Write(ref _due, now + _interval);
            LimitDecision before = _law.Current;
            bool wasHeld = _held;
            _held = reading.Held;
            bool closed = _window.TryClose(reading, now, before.Pace, out WindowSummary window);
            if (window.Dropped == 0 && (closed ? wasHeld || reading.Held : wasHeld && !reading.Held))
            {
                // Only a limit that binds teaches, and for a part of this window at least it was not this one that did.
                _meter.CloseWindow(default);
                _window.Restart(reading, now, _law.Settles ? Settling.AfterChange : Settling.None);
                return false;
            }

            if (!closed)
            {
                return false;
            }

            decision = _law.Step(window);
            _meter.CloseWindow(decision.Baselines);
            bool moved = decision.Limit != before.Limit;
            Settling settling = (_law.Settles, window.Dropped) switch
            {
                (false, _) => Settling.None,
                (_, > 0) => Settling.AfterDropped,
                _ => moved ? Settling.AfterChange : Settling.None,
            };
            _window.Restart(reading, now, settling);
            return moved || decision.Nominal != before.Nominal;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Takes a new configuration; keeps what was learnt where it can.</summary>
    /// <returns>The decision to put in force.</returns>
    public LimitDecision Reconfigure(LimitSettings settings)
    {
        lock (_lock)
        {
            if (settings.Algorithm == _settings.Algorithm)
            {
                _settings = settings;
                return _law.Reconfigure(settings);
            }

            // Another law starts from where the last one stood: traffic is running at it.
            int nominal = _law.Current.Nominal;
            _settings = settings;
            _law = LawOf(settings, nominal);
            _window.LeavesOutLongHeld = _law.Settles;
            return _law.Current;
        }
    }

    private static ILimitLaw LawOf(LimitSettings settings, int inUse = 0) => settings.Algorithm switch
    {
        LimitAlgorithm.Fixed => new FixedLaw(settings),
        LimitAlgorithm.Aimd => new AimdLaw(settings, inUse),
        LimitAlgorithm.Vegas => new VegasLaw(settings, inUse),
        LimitAlgorithm.Gradient2 => new Gradient2Law(settings, inUse),
        LimitAlgorithm.Adaptive => new AdaptiveLaw(settings, inUse),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Algorithm, "No such limit algorithm."),
    };
}
