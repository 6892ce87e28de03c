using System.Diagnostics.Metrics;
using Backpressure.Admission;
using Backpressure.Signals;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Xunit;

namespace Backpressure.Tests.Signals;

/// <summary>From a reading to a lower limit and back, with what is told of it.</summary>
public sealed class LoadShedderSignalTests
{
    private readonly Reading _pool = new("pool");
    private readonly Reading _host = new("host");

    [Theory]
    [InlineData(0, 40)]
    [InlineData(10, 40)]
    [InlineData(20, 21)]
    [InlineData(30, 1)]
    [InlineData(300, 1)]
    public void AFixedLimit_GoesDownBetweenSoftAndHardToOne(double value, int limit)
    {
        using ShedderRig rig = Rig();
        Gate gate = ShedderRig.GateOf(rig.Shedder.ClassOf("any"));
        _pool.Value = value;

        rig.Time.Pass(100);

        Assert.Equal(limit, gate.Limit);
    }

    [Theory]
    [InlineData(20, 14)]
    [InlineData(30, 8)]
    public void AMovingLimit_GoesDownToItsMinimum(double value, int limit)
    {
        using ShedderRig rig = Rig(o => o.Downstreams["Default"].Limit = new LimitOptions { Initial = 20, Min = 8 });
        Gate gate = ShedderRig.GateOf(rig.Shedder.ClassOf("any"));
        _pool.Value = value;

        rig.Time.Pass(100);

        Assert.Equal(limit, gate.Limit);
    }

    [Fact]
    public void OfSeveralSignals_TheStrongestCountsAndIsNamed()
    {
        using ShedderRig rig = Rig();
        RequestClass any = rig.Shedder.ClassOf("any");
        (_pool.Value, _host.Value) = (15, 20);
        rig.Time.Pass(100);

        Assert.Equal((21, "host"), (ShedderRig.GateOf(any).Limit, ShedderRig.DownstreamOf(any).LimitedBy));

        _host.Value = 0;
        rig.Time.Pass(2000);
        Assert.Equal("pool", ShedderRig.DownstreamOf(any).LimitedBy);
        _pool.Value = 0;
        rig.Time.Pass(2000);
        Assert.Equal((40, null), (ShedderRig.GateOf(any).Limit, ShedderRig.DownstreamOf(any).LimitedBy));
    }

    [Fact]
    public void ADownstreamThatNamesNone_IsLeftAlone()
    {
        using ShedderRig rig = Rig(o =>
        {
            o.Downstreams["Other"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 40 } };
            o.Policies["Other"] = new PolicyOptions { Downstream = "Other" };
        });
        _pool.Value = 1000;
        rig.Time.Pass(100);

        Assert.Equal(40, ShedderRig.GateOf(rig.Shedder.ClassOf("other", "Other")).Limit);
    }

    [Fact]
    public async Task ARelease_LetsWaitersInAtOnce()
    {
        using ShedderRig rig = Rig(o => o.Policies["Default"].Overflow = Overflow.Block);
        RequestClass any = rig.Shedder.ClassOf("any");
        _pool.Value = 30;
        rig.Time.Pass(100);
        rig.Admitted(any);
        Task<AdmissionLease> waiting = rig.Wait(any);

        _pool.Value = 0;
        rig.Time.Pass(200);

        Assert.True((await ShedderRig.Answer(waiting)).IsAdmitted);
    }

    [Fact]
    public void WhileASignalHoldsTheLimit_TheLawLearnsNothingAndGoesOnFromWhereItWas()
    {
        using ShedderRig rig = Rig(o => o.Downstreams["Default"].Limit = new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 20, Min = 1 });
        RequestClass any = rig.Shedder.ClassOf("any");
        _pool.Value = 29;
        rig.Time.Pass(100);
        Gate gate = ShedderRig.GateOf(any);
        Assert.Equal(2, gate.Limit);

        // Full all the time, and well: Aimd would grow.
        for (int i = 0; i < 400; i++)
        {
            AdmissionLease[] leases = rig.Fill(any, gate.Limit);
            rig.Time.Pass(10);
            foreach (AdmissionLease lease in leases)
            {
                lease.Complete(Outcome.Success);
            }
        }

        _pool.Value = 0;
        rig.Time.Pass(2000);
        Assert.Equal(20, gate.Limit);
    }

    [Fact]
    public void AReload_ChangesThresholdsAtOnceAndForgetsSignalsNobodyNames()
    {
        using ShedderRig rig = Rig();
        Gate gate = ShedderRig.GateOf(rig.Shedder.ClassOf("any"));
        _pool.Value = 30;
        rig.Time.Pass(100);
        Assert.Equal(1, gate.Limit);

        BackpressureOptions without = Options();
        without.Downstreams["Default"].Signals.Clear();
        rig.Shedder.Reconfigure(without);
        Assert.Equal(40, gate.Limit);

        int reads = _pool.Reads;
        rig.Time.Pass(1000);
        Assert.Equal(reads, _pool.Reads);

        BackpressureOptions wider = Options();
        wider.Signals["pool"].Hard = 50;
        rig.Shedder.Reconfigure(wider);
        rig.Time.Pass(200);
        Assert.Equal(1 + 20, gate.Limit, 1.0);
    }

    [Fact]
    public void Signals_AreReadTenTimesASecondOnTheProvidersTime()
    {
        using ShedderRig rig = Rig();
        rig.Time.Pass(100);
        int before = _pool.Reads;
        for (int i = 0; i < 100; i++)
        {
            rig.Time.Pass(100);
        }

        Assert.Equal(100, _pool.Reads - before, 2.0);
    }

    [Fact]
    public void Signals_ThatATimerReads_AreReadAtTheTimeItIs()
    {
        var time = new ShedderRig.FineTimeProvider();
        List<long> times = [];
        using var board = new SignalBoard(time, new SignalSources(time, [_pool, _host]), static _ => { }, times.Add);
        using var shedder = new LoadShedder(Options(), time, signals: [_pool, _host]);
        board.Reconfigure(shedder.Settings);
        times.Clear();

        time.Pass(100);

        // Later, and what is timed from then on would be too short.
        Assert.Equal([time.GetTimestamp()], times);
    }

    [Fact]
    public void Signals_AreReadByRequestsWhereNoTimerFires()
    {
        var time = new ManualTimeProvider();
        using var shedder = new LoadShedder(Options(), time, signals: [_pool, _host]);
        RequestClass any = shedder.ClassOf("any");
        _pool.Value = 30;
        for (int i = 0; i < 10; i++)
        {
            AdmissionLease lease = ShedderRig.Ask(shedder, new AdmissionRequest(any));
            time.Pass(TimeSpan.FromMilliseconds(50));
            lease.Complete(Outcome.Success);
        }

        Assert.Equal(1, ShedderRig.GateOf(any).Limit);
    }

    [Fact]
    public void ASignalThatThrows_GoesStaleStopsCountingAndSaysSoOnce()
    {
        using ShedderRig rig = Rig();
        Gate gate = ShedderRig.GateOf(rig.Shedder.ClassOf("any"));
        _pool.Value = 30;
        rig.Time.Pass(100);
        _pool.Fault = new InvalidOperationException("gone");
        for (int i = 0; i < 99; i++)
        {
            rig.Time.Pass(100);
        }

        Assert.Equal(1, gate.Limit);
        for (int i = 0; i < 20; i++)
        {
            rig.Time.Pass(100);
        }

        Assert.Equal(40, gate.Limit);
        Assert.Single(rig.Logger.Of(24));
        Assert.Contains("pool has had no reading for 10 s", Assert.Single(rig.Logger.Of(22)).Message, StringComparison.Ordinal);

        _pool.Fault = null;
        rig.Time.Pass(100);
        Assert.Equal(1, gate.Limit);
        Assert.Single(rig.Logger.Of(23));
    }

    [Fact]
    public void ACustomSignalThatNobodyRegistered_SaysWhatIsMissing()
    {
        using var rig = new ShedderRig(Options());
        for (int i = 0; i < 110; i++)
        {
            rig.Time.Pass(100);
        }

        Assert.Contains(rig.Logger.Of(22), record => record.Message.Contains("No ICapacitySignal named pool is registered.", StringComparison.Ordinal));
    }

    [Fact]
    public void BeginningAndEnd_AreLoggedOnceEach()
    {
        using ShedderRig rig = Rig();
        _pool.Value = 15;
        for (int i = 0; i < 20; i++)
        {
            rig.Time.Pass(100);
            _pool.Value = 15 + (i % 2);
        }

        Assert.Contains("pool began to lower limits", Assert.Single(rig.Logger.Of(20)).Message, StringComparison.Ordinal);
        _pool.Value = 0;
        for (int i = 0; i < 20; i++)
        {
            rig.Time.Pass(100);
        }

        Assert.Single(rig.Logger.Of(21));
    }

    [Fact]
    public void ALimitThatIsHeldDownForTenMinutesWithoutPause_IsToldOnceEachTime()
    {
        using ShedderRig rig = Rig(static options =>
        {
            options.Downstreams["Default"].Limit = new LimitOptions { Initial = 20, Min = 4, Max = 100 };
            options.Policies["Default"] = new PolicyOptions { Mode = BackpressureMode.Observe };
            options.Policies["Enforced"] = new PolicyOptions();
        });
        _pool.Value = 15;
        Watch(rig, TimeSpan.FromMinutes(9.9));
        Assert.Empty(rig.Logger.Of(25));

        // Another signal in its place is no pause.
        (_pool.Value, _host.Value) = (0, 12);
        Watch(rig, TimeSpan.FromMinutes(20));
        string told = Assert.Single(rig.Logger.Of(25)).Message;
        Assert.Contains("the limit of downstream Default down for 10 minutes", told, StringComparison.Ordinal);
        Assert.Contains("The strongest is host: it reads 12, above its Soft (10)", told, StringComparison.Ordinal);
        Assert.Contains("raise its Soft", told, StringComparison.Ordinal);

        _host.Value = 0;
        Watch(rig, TimeSpan.FromSeconds(5));
        _host.Value = 12;
        Watch(rig, TimeSpan.FromMinutes(11));
        Assert.Equal(2, rig.Logger.Of(25).Count());
    }

    [Fact]
    public void ALimitThatIsHeldDownWithPauses_OrIsFixed_IsNotTold()
    {
        using ShedderRig paused = Rig(static options => options.Downstreams["Default"].Limit = new LimitOptions { Initial = 20 });
        using ShedderRig @fixed = Rig();
        for (int i = 0; i < 4; i++)
        {
            foreach (double value in (double[])[15, 0])
            {
                _pool.Value = value;
                Watch(paused, TimeSpan.FromMinutes(5));
                Watch(@fixed, TimeSpan.FromMinutes(5));
            }
        }

        _pool.Value = 15;
        Watch(@fixed, TimeSpan.FromMinutes(20));

        Assert.Empty(paused.Logger.Of(25));
        Assert.Empty(@fixed.Logger.Of(25));
    }

    [Fact]
    public void Meter_ShowsLevelValueAndStaleness()
    {
        using ShedderRig rig = Rig();
        using var level = new MetricCollector<double>(rig.Meters, "Backpressure", "backpressure.signal");
        using var value = new MetricCollector<double>(rig.Meters, "Backpressure", "backpressure.signal.value");
        using var stale = new MetricCollector<int>(rig.Meters, "Backpressure", "backpressure.signal.stale");
        (_pool.Value, _host.Value) = (20, double.NaN);
        for (int i = 0; i < 110; i++)
        {
            rig.Time.Pass(100);
        }

        Assert.Equal([("host", 0.0), ("pool", 0.5)], Of(level));
        Assert.Equal([("pool", 20.0)], Of(value));
        Assert.Equal([("host", 1), ("pool", 0)], Of(stale));

        static IEnumerable<(string, T)> Of<T>(MetricCollector<T> collector)
            where T : struct
        {
            collector.RecordObservableInstruments();
            return collector.GetMeasurementSnapshot().Select(m => ((string)m.Tags["backpressure.signal"]!, m.Value)).Order();
        }
    }

    [Fact]
    public void AnInstrument_ByConfigurationAlone_LowersTheLimit()
    {
        string name = $"Npgsql-{Guid.NewGuid():N}";
        using var rig = new ShedderRig(ShedderRig.Fixed(40, change: o =>
        {
            o.Signals["orders-pool"] = new SignalOptions { Meter = name, Instrument = "pending", Soft = 5, Hard = 50 };
            o.Downstreams["Default"].Signals.Add("Orders-Pool");
        }));
        using var meter = new Meter(name);
        UpDownCounter<int> pending = meter.CreateUpDownCounter<int>("pending");
        Gate gate = ShedderRig.GateOf(rig.Shedder.ClassOf("any"));
        pending.Add(50);
        rig.Time.Pass(100);
        Assert.Equal(1, gate.Limit);

        pending.Add(-50);
        for (int i = 0; i < 11; i++)
        {
            rig.Time.Pass(100);
        }

        Assert.Equal(40, gate.Limit);
    }

    [Fact]
    public void Sampling_AllocatesNothing()
    {
        var time = new ManualTimeProvider();
        using var shedder = new LoadShedder(Options(), time, signals: [_pool, _host]);
        _pool.Value = 20;
        for (int i = 0; i < 100; i++)
        {
            Sample();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Sample();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Sample()
        {
            time.Pass(TimeSpan.FromMilliseconds(100));
            time.Fire();
        }
    }

    /// <summary>Lets time pass, with a reading each second.</summary>
    private static void Watch(ShedderRig rig, TimeSpan time)
    {
        for (; time > TimeSpan.Zero; time -= TimeSpan.FromSeconds(1))
        {
            rig.Time.Pass(1000);
        }
    }

    private ShedderRig Rig(Action<BackpressureOptions>? change = null)
    {
        BackpressureOptions options = Options();
        change?.Invoke(options);
        if (options.Downstreams["Default"].Signals.Count == 0)
        {
            Name(options.Downstreams["Default"]);
        }

        return new ShedderRig(options, signals: [_pool, _host]);
    }

    private static BackpressureOptions Options() => ShedderRig.Fixed(40, change: o =>
    {
        o.Signals["pool"] = new SignalOptions { Kind = SignalKind.Custom, Soft = 10, Hard = 30 };
        o.Signals["host"] = new SignalOptions { Kind = SignalKind.Custom, Soft = 10, Hard = 30 };
        Name(o.Downstreams["Default"]);
    });

    private static void Name(DownstreamOptions downstream)
    {
        downstream.Signals.Add("pool");
        downstream.Signals.Add("host");
    }

    private sealed class Reading(string name) : ICapacitySignal
    {
        public double Value { get; set; }

        public Exception? Fault { get; set; }

        public int Reads { get; private set; }

        public string Name => name;

        public double Read()
        {
            Reads++;
            return Fault is { } fault ? throw fault : Value;
        }
    }
}
