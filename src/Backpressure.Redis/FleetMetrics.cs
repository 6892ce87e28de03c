using System.Diagnostics.Metrics;
using Backpressure.Observability;
using Backpressure.Redis.Limits;

namespace Backpressure.Redis;

/// <summary>The instruments of limits that a fleet shares, on the meter <c>Backpressure</c>.</summary>
internal sealed class FleetMetrics
{
    public const string StoreTag = "backpressure.store";
    public const string SourceTag = "backpressure.source";
    public const string Answered = "answered";
    public const string TimedOut = "timed_out";
    public const string Failed = "failed";

    private static readonly KeyValuePair<string, object?> Store = new(StoreTag, "redis");

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    };

    private readonly Histogram<double> _time;
    private readonly long[] _decisions = new long[Enum.GetValues<DecisionSource>().Length];

    public FleetMetrics(IMeterFactory factory, Func<bool> isConnected)
    {
        Meter meter = factory.Create(new MeterOptions(ShedderMetrics.MeterName));
        meter.CreateObservableGauge(
            "backpressure.fleet.connected", () => new Measurement<int>(isConnected() ? 1 : 0, Store), "1", "1 while the store of limits that a fleet shares decides, otherwise 0.");
        meter.CreateObservableCounter(
            "backpressure.fleet.decisions", Measure, "{decision}", "Decisions on limits that a fleet shares, by what decided.");
        _time = meter.CreateHistogram("backpressure.fleet.time", "s", "How long the store took to decide.", tags: null, Seconds);
    }

    public static string TagOf(DecisionSource source) => source switch
    {
        DecisionSource.Store => "store",
        DecisionSource.LocalRefusal => "local_refusal",
        DecisionSource.Fallback => "fallback",
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, "Not a source."),
    };

    public void Decided(DecisionSource source) => Interlocked.Increment(ref _decisions[(int)source]);

    public long DecidedBy(DecisionSource source) => Volatile.Read(ref _decisions[(int)source]);

    public void Took(TimeSpan time, string result)
    {
        if (_time.Enabled)
        {
            _time.Record(time.TotalSeconds, Store, new KeyValuePair<string, object?>(Tags.Result, result));
        }
    }

    private IEnumerable<Measurement<long>> Measure() =>
        Enum.GetValues<DecisionSource>().Select(source => new Measurement<long>(DecidedBy(source), Store, new(SourceTag, TagOf(source))));
}
