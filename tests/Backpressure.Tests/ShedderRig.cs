using System.Diagnostics.Metrics;
using Backpressure.Admission;
using Backpressure.Downstreams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Backpressure.Tests;

/// <summary>A shedder with a clock that only tests move, its logs, and a meter of its own.</summary>
internal sealed class ShedderRig : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public ShedderRig(BackpressureOptions options, TimeProvider? time = null, IEnumerable<ICapacitySignal>? signals = null)
    {
        Time = time as FineTimeProvider ?? new FineTimeProvider();
        Logger = new RecordingLoggerFactory();
        Meters = new ScopedMeterFactory();
        Shedder = new LoadShedder(options, time ?? Time, Logger, Meters, signals);
    }

    public FineTimeProvider Time { get; }

    public RecordingLoggerFactory Logger { get; }

    public ScopedMeterFactory Meters { get; }

    public LoadShedder Shedder { get; }

    /// <summary>One downstream with a fixed limit, and the default policy changed as wanted.</summary>
    public static BackpressureOptions Fixed(int limit, Overflow overflow = Overflow.Shed, Action<BackpressureOptions>? change = null)
    {
        var options = new BackpressureOptions();
        options.Downstreams["Default"] = new DownstreamOptions
        {
            Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = limit },
        };
        options.Policies["Default"] = new PolicyOptions { Overflow = overflow };
        change?.Invoke(options);
        return options;
    }

    public static Downstream DownstreamOf(RequestClass requestClass)
    {
        requestClass.Owner.PolicyOf(requestClass);
        return requestClass.Resolved!.Downstream;
    }

    public static Gate GateOf(RequestClass requestClass) => DownstreamOf(requestClass).Gate;

    /// <summary>Asks, and must be answered at once.</summary>
    public AdmissionLease Ask(in AdmissionRequest request) => Ask(Shedder, request);

    public static AdmissionLease Ask(LoadShedder shedder, in AdmissionRequest request)
    {
        ValueTask<AdmissionLease> answer = shedder.AdmitAsync(request);
        return answer.IsCompleted ? answer.Result : throw new InvalidOperationException("It waits.");
    }

    public AdmissionLease Ask(RequestClass requestClass) => Ask(new AdmissionRequest(requestClass));

    /// <summary>Asks, and must be admitted at once.</summary>
    public AdmissionLease Admitted(RequestClass requestClass)
    {
        AdmissionLease lease = Ask(requestClass);
        Assert.Equal((AdmissionDecision.Admitted, RejectionReason.None), (lease.Decision, lease.Reason));
        return lease;
    }

    public AdmissionLease[] Fill(RequestClass requestClass, int count) => [.. Enumerable.Range(0, count).Select(_ => Admitted(requestClass))];

    /// <summary>Asks, and must be let wait.</summary>
    public Task<AdmissionLease> Wait(in AdmissionRequest request) => WaitOrLeave(request, CancellationToken.None);

    public Task<AdmissionLease> WaitOrLeave(in AdmissionRequest request, CancellationToken cancellationToken)
    {
        ValueTask<AdmissionLease> answer = Shedder.AdmitAsync(request, cancellationToken);
        Assert.False(answer.IsCompleted, "It does not wait.");
        return answer.AsTask();
    }

    public Task<AdmissionLease> Wait(RequestClass requestClass) => Wait(new AdmissionRequest(requestClass));

    public static Task<AdmissionLease> Answer(Task<AdmissionLease> waiting) => waiting.WaitAsync(Patience);

    public void Dispose()
    {
        Shedder.Dispose();
        Meters.Dispose();
    }

    /// <summary>A timestamp is a tenth of a tick: who takes timestamps for ticks is off by ten.</summary>
    internal class FineTimeProvider : FakeTimeProvider
    {
        public override long TimestampFrequency => 10 * base.TimestampFrequency;

        public override long GetTimestamp() => 10 * base.GetTimestamp();

        public void Pass(double milliseconds) => Advance(TimeSpan.FromMilliseconds(milliseconds));
    }

    internal sealed class RecordingLoggerFactory : ILoggerFactory
    {
        private readonly FakeLogCollector _collector = FakeLogCollector.Create(new FakeLogCollectorOptions());

        public IReadOnlyList<FakeLogRecord> Records => _collector.GetSnapshot();

        public IEnumerable<FakeLogRecord> Of(int id) => Records.Where(r => r.Id.Id == id);

        public ILogger CreateLogger(string categoryName) => new FakeLogger(_collector, categoryName);

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }

    internal sealed class ScopedMeterFactory : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
