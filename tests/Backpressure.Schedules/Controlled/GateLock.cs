using System.Diagnostics.CodeAnalysis;

namespace Backpressure.Admission;

/// <summary>Stands for the engine's own, at which threads spin: a monitor, so that Coyote does not schedule who spins.</summary>
internal struct GateLock
{
    [SuppressMessage("Style", "IDE0044:Add readonly modifier", Justification = "A value that must stay in its place, as the engine's own.")]
    private object _monitor = new();

    public GateLock()
    {
    }

    public readonly bool IsHeld => Monitor.IsEntered(_monitor);

    public readonly Scope Hold()
    {
        Monitor.Enter(_monitor);
        return new Scope(_monitor);
    }

    public readonly bool TryEnter() => Monitor.TryEnter(_monitor);

    public readonly void Exit() => Monitor.Exit(_monitor);

    public readonly ref struct Scope(object monitor)
    {
        public void Dispose() => Monitor.Exit(monitor);
    }
}
