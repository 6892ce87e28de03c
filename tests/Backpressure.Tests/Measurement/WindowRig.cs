using Backpressure.Measurement;
using Xunit;

namespace Backpressure.Tests.Measurement;

/// <summary>A window builder whose clock, gate and departures a test moves.</summary>
/// <remarks>
/// The clock has 1024 ticks a second, so that every latency is a binary fraction and every sum of them exact. A latency of 64
/// is 1/16 s: 2.25 of them are 144 ticks, and the 46.875 of them that 25 samples may take before they are overdue
/// (1.5 × 25 × 1.25) are 3000.
/// </remarks>
public abstract class WindowRig
{
    private const long TicksPerSecond = 1024;
    private protected readonly ServiceMeter _meter = new(TicksPerSecond);
    private protected readonly WindowBuilder _builder;
    private protected GateReading _gate = new()
    {
        Limit = 20,
        InFlight = 0,
        Waiting = 0,
        FullArrivals = 0,
        Refused = 0,
        AdmittedLate = 0,
        CanQueue = true,
        Shadow = false,
    };

    private protected uint _sequence;
    private protected long _now;

    private protected WindowRig() => _builder = new WindowBuilder(_meter, TicksPerSecond, 0);

    // The very first samples: they only tell the latency. What is in flight counts from the next window on.
    private protected void Warm(int latency, int inFlight = 0, int cost = 1)
    {
        Leave(25, latency, cost: cost);
        _gate = _gate with { InFlight = inFlight };
        Assert.Null(Close(Math.Max(64, 3 * latency)));
    }

    private protected void Leave(int count, int latency, int inFlight = 1, int cost = 1, bool sampled = true)
    {
        for (int i = 0; i < count; i++)
        {
            int sample = sampled ? latency : -1;
            _meter.Record(_sequence++, 1, sample, inFlight);
            _meter.Held(cost, sample, latency);
            _meter.LongHeld.Left(_now - latency, cost);
        }
    }

    private protected WindowSummary? Close(long after, WindowPace pace = WindowPace.Usual)
    {
        _now += after;
        GateReading reading = _gate with { Mark = _meter.LongHeld.Mark(), ReadAt = _now };
        return _builder.TryClose(reading, _now, pace, out WindowSummary window) ? window : null;
    }
}
