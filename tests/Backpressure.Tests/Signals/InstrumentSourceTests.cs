using System.Diagnostics.Metrics;
using Backpressure.Configuration;
using Backpressure.Signals;
using Xunit;

namespace Backpressure.Tests.Signals;

public sealed class InstrumentSourceTests : IDisposable
{
    private const long Second = 1000;

    // Listeners hear every meter of the process: each test has a name of its own.
    private readonly string _name = $"Pool-{Guid.NewGuid():N}";
    private readonly Meter _meter;

    public InstrumentSourceTests() => _meter = new Meter(_name);

    public void Dispose() => _meter.Dispose();

    [Fact]
    public void UpDownCounter_IsTheSumOfAllChangesSinceTheStart()
    {
        using InstrumentSource source = Source();
        UpDownCounter<int> waiting = _meter.CreateUpDownCounter<int>("waiting");
        Assert.Equal(0, source.Read(0));

        waiting.Add(3, new KeyValuePair<string, object?>("pool", "a"));
        waiting.Add(5, new KeyValuePair<string, object?>("pool", "b"));
        waiting.Add(-1, new KeyValuePair<string, object?>("pool", "a"));

        Assert.Equal(7, source.Read(Second));
        Assert.Equal(7, source.Read(2 * Second));
    }

    [Fact]
    public void TagFilter_CountsOnlyWhatHasAllOfThem()
    {
        using InstrumentSource source = Source(tags: new() { ["pool"] = "orders", ["shard"] = "7" });
        UpDownCounter<long> waiting = _meter.CreateUpDownCounter<long>("waiting");
        waiting.Add(1, new KeyValuePair<string, object?>("pool", "orders"));
        waiting.Add(10, new("pool", "orders"), new KeyValuePair<string, object?>("shard", 7));
        waiting.Add(100, new("shard", "7"), new KeyValuePair<string, object?>("pool", "orders"));
        waiting.Add(1000, new("pool", "carts"), new KeyValuePair<string, object?>("shard", 7));

        Assert.Equal(110, source.Read(0));
    }

    [Theory]
    [InlineData(SignalAggregation.Sum, 12)]
    [InlineData(SignalAggregation.Max, 9)]
    [InlineData(SignalAggregation.Average, 6)]
    public void ObservableGauge_IsAskedAtEachLook(SignalAggregation aggregation, double expected)
    {
        using InstrumentSource source = Source(aggregation);
        int looks = 0;
        _meter.CreateObservableGauge("waiting", () =>
        {
            looks++;
            return new[] { Pool(3, "a"), Pool(9, "b") };
        });

        Assert.Equal(expected, source.Read(0));
        Assert.Equal(expected, source.Read(Second));
        Assert.Equal(2, looks);
    }

    [Fact]
    public void ObservableGauge_OfASeriesThatIsGone_CountsItNoMore()
    {
        using InstrumentSource source = Source(SignalAggregation.Max);
        bool there = true;
        _meter.CreateObservableGauge("waiting", () => there ? new[] { Pool(9, "a") } : []);
        Assert.Equal(9, source.Read(0));

        there = false;
        Assert.True(double.IsNaN(source.Read(Second)));
    }

    [Theory]
    [InlineData(SignalAggregation.Average, 20)]
    [InlineData(SignalAggregation.Max, 30)]
    public void Histogram_IsOfTheEventsSinceTheLastLook(SignalAggregation aggregation, double expected)
    {
        using InstrumentSource source = Source(aggregation);
        Histogram<double> times = _meter.CreateHistogram<double>("waiting");
        times.Record(1000);
        source.Read(0);

        times.Record(10, new KeyValuePair<string, object?>("pool", "a"));
        times.Record(20, new KeyValuePair<string, object?>("pool", "a"));
        times.Record(30, new KeyValuePair<string, object?>("pool", "b"));

        Assert.Equal(expected, source.Read(Second));
        Assert.True(double.IsNaN(source.Read(2 * Second)));
    }

    [Fact]
    public void Gauge_IsTheLastValueOfEachSeries()
    {
        using InstrumentSource source = Source();
        Gauge<float> depth = _meter.CreateGauge<float>("waiting");
        depth.Record(5, new KeyValuePair<string, object?>("pool", "a"));
        depth.Record(2, new KeyValuePair<string, object?>("pool", "a"));
        depth.Record(4, new KeyValuePair<string, object?>("pool", "b"));

        Assert.Equal(6, source.Read(0));
    }

    [Fact]
    public void Rate_OfACounter_IsItsGrowthASecond()
    {
        using InstrumentSource source = Source(SignalAggregation.Rate);
        Counter<long> failures = _meter.CreateCounter<long>("waiting");
        failures.Add(100);
        Assert.True(double.IsNaN(source.Read(0)));

        failures.Add(30);
        failures.Add(20, new KeyValuePair<string, object?>("pool", "a"));

        Assert.Equal(25, source.Read(2 * Second));
        Assert.Equal(0, source.Read(3 * Second));
    }

    [Fact]
    public void Rate_OfAnObservableCounter_IsItsGrowthASecond()
    {
        using InstrumentSource source = Source(SignalAggregation.Rate);
        long total = 40;
        _meter.CreateObservableCounter("waiting", () => total);
        source.Read(0);
        total = 100;

        Assert.Equal(60, source.Read(Second));
    }

    [Fact]
    public void AnInstrumentThatCameBefore_IsHeardToo()
    {
        UpDownCounter<int> waiting = _meter.CreateUpDownCounter<int>("waiting");
        using InstrumentSource source = Source();
        waiting.Add(4);

        Assert.Equal(4, source.Read(0));
    }

    [Fact]
    public void EveryNumericType_IsRead()
    {
        using InstrumentSource source = Source();
        _meter.CreateUpDownCounter<byte>("waiting").Add(1);
        _meter.CreateUpDownCounter<short>("waiting").Add(2);
        _meter.CreateUpDownCounter<int>("waiting").Add(4);
        _meter.CreateUpDownCounter<long>("waiting").Add(8);
        _meter.CreateUpDownCounter<float>("waiting").Add(16);
        _meter.CreateUpDownCounter<double>("waiting").Add(32);
        _meter.CreateUpDownCounter<decimal>("waiting").Add(64);

        Assert.Equal(127, source.Read(0));
    }

    [Fact]
    public void Read_AllocatesNothing()
    {
        using InstrumentSource source = Source();
        UpDownCounter<int> waiting = _meter.CreateUpDownCounter<int>("waiting");
        waiting.Add(1, new KeyValuePair<string, object?>("pool", "a"));
        source.Read(0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 1; i <= 1000; i++)
        {
            waiting.Add(1, new KeyValuePair<string, object?>("pool", "a"));
            source.Read(i * 100);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Absence_OfAMeter_NamesThoseThatWereSeen()
    {
        using InstrumentSource source = Source(meter: "Nowhere");
        _ = _meter.CreateCounter<int>("waiting");

        Assert.True(double.IsNaN(source.Read(0)));
        Assert.Contains("No meter Nowhere was seen; these were: ", source.Absence, StringComparison.Ordinal);
    }

    [Fact]
    public void Absence_OfAnInstrument_NamesThoseOfItsMeter()
    {
        using InstrumentSource source = Source(instrument: "pending");
        _meter.CreateCounter<int>("waiting");
        _meter.CreateCounter<int>("leased");

        Assert.Equal($"The meter {_name} has no instrument pending; it has: leased, waiting.", source.Absence);
    }

    [Fact]
    public void ManySeries_AreCountedInOneBeyondABound()
    {
        using InstrumentSource source = Source();
        UpDownCounter<int> waiting = _meter.CreateUpDownCounter<int>("waiting");
        for (int i = 0; i < 3000; i++)
        {
            waiting.Add(1, new KeyValuePair<string, object?>("connection", i));
        }

        Assert.Equal(3000, source.Read(0));
    }

    [Fact]
    public void AMeterThatIsDisposed_IsNotKnownAnyMore()
    {
        using InstrumentSource source = Source();
        _meter.CreateUpDownCounter<int>("waiting").Add(4);
        Assert.Equal(4, source.Read(0));

        _meter.Dispose();
        Assert.True(double.IsNaN(source.Read(Second)));
    }

    [Fact]
    public void InstrumentsOfOneName_AreSummed_AndOneThatEndsTakesWhatIsItsOwnAlong()
    {
        using InstrumentSource source = Source();
        _meter.CreateObservableGauge("waiting", static () => 3);
        using (var second = new Meter(_name))
        {
            second.CreateObservableGauge("waiting", static () => 5);
            Assert.Equal(8, source.Read(0));
        }

        Assert.Equal(3, source.Read(Second));
    }

    [Fact]
    public void UpDownCounters_OfAMeterThatEnds_LeaveThoseOfOthers()
    {
        using InstrumentSource source = Source();
        using var second = new Meter(_name);
        _meter.CreateUpDownCounter<int>("waiting").Add(4);
        second.CreateUpDownCounter<int>("waiting").Add(5);
        Assert.Equal(9, source.Read(0));

        _meter.Dispose();
        Assert.Equal(5, source.Read(Second));
    }

    private static Measurement<int> Pool(int value, string pool) => new(value, new KeyValuePair<string, object?>("pool", pool));

    private InstrumentSource Source(
        SignalAggregation aggregation = SignalAggregation.Sum, Dictionary<string, string>? tags = null, string? meter = null, string instrument = "waiting")
    {
        var options = new SignalOptions { Meter = meter ?? _name, Instrument = instrument, Aggregation = aggregation, Soft = 1, Hard = 2 };
        foreach ((string key, string value) in tags ?? [])
        {
            options.Tags[key] = value;
        }

        return new InstrumentSource(SignalSettings.Of("pool", options), Second, 0);
    }
}
