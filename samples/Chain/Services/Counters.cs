using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;

namespace Chain.Services;

/// <summary>Counts a service's requests, and reads its gate through the instruments that dashboards read too.</summary>
internal sealed class Counters : IDisposable
{
    /// <summary>Marks requests whose original was sent while Payments was slowed; each service passes it on.</summary>
    public const string SlowedHeader = "Chain-Slowed";

    private readonly MeterListener _listener = new();
    private int _arrived;
    private int _arrivedSlowed;
    private int _taken;
    private int _takenSlowed;
    private long _refused;
    private double _limit;
    private double _signal;

    public Counters()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Backpressure" && instrument.Name is "backpressure.limit" or "backpressure.requests" or "backpressure.signal")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.Start();
    }

    public void CountArrival(HttpContext context) => Count(context, ref _arrived, ref _arrivedSlowed);

    public void CountTaken(HttpContext context) => Count(context, ref _taken, ref _takenSlowed);

    public Reading Read(TimeProvider time)
    {
        _refused = 0;
        _listener.RecordObservableInstruments();
        return new Reading(time.GetUtcNow().ToUnixTimeMilliseconds(), _arrived, _arrivedSlowed, _taken, _takenSlowed, _refused, _limit, _signal);
    }

    public void Dispose() => _listener.Dispose();

    private static void Count(HttpContext context, ref int all, ref int slowed)
    {
        Interlocked.Increment(ref all);
        if (context.Request.Headers.ContainsKey(SlowedHeader))
        {
            Interlocked.Increment(ref slowed);
        }
    }

    private void Measured(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? downstream = null;
        string? decision = null;
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            downstream = tag.Key == "backpressure.downstream" ? tag.Value as string : downstream;
            decision = tag.Key == "backpressure.decision" ? tag.Value as string : decision;
        }

        // The clients' gates have other names.
        switch (instrument.Name)
        {
            case "backpressure.limit" when downstream == "Default":
                _limit = value;
                break;
            case "backpressure.requests" when downstream == "Default" && decision == "rejected":
                _refused += (long)value;
                break;
            case "backpressure.signal":
                _signal = value;
                break;
        }
    }
}
