using Backpressure.Configuration;

namespace Backpressure.Signals;

/// <summary>Makes what a signal reads.</summary>
/// <param name="time">The clock.</param>
/// <param name="own">The readings that users bring.</param>
/// <param name="root">Where the machine's files are; tests have their own.</param>
internal sealed class SignalSources(TimeProvider time, IEnumerable<ICapacitySignal> own, string root = "/")
{
    private readonly ICapacitySignal[] _own = [.. own];

    public ISignalSource Make(SignalSettings signal, long now) => signal.Kind switch
    {
        SignalKind.Instrument => new InstrumentSource(signal, time.TimestampFrequency, now),
        SignalKind.Cpu => new CpuSource(ControlGroup.Find(root), root, time.TimestampFrequency),
        SignalKind.Memory => new MemorySource(ControlGroup.Find(root), root),
        SignalKind.GarbageCollection => new GarbageCollectionSource(time.TimestampFrequency),
        SignalKind.ThreadPoolDelay => new ThreadPoolProbe(time),
        SignalKind.Custom => new CustomSource(
            signal.Name, Array.Find(_own, one => string.Equals(one.Name, signal.Name, StringComparison.OrdinalIgnoreCase))),
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal.Kind, "No such kind of signal."),
    };
}
