using System.Diagnostics.CodeAnalysis;

namespace Backpressure.Admission;

/// <summary>Stands for the engine's own, at which threads spin: a monitor, so that Coyote does not schedule who spins.</summary>
[SuppressMessage("Reliability", "CA2002:Do not lock on objects with weak identity", Justification = "This object is the lock.")]
internal sealed class GateLock
{
    public bool IsHeld => Monitor.IsEntered(this);

    public Scope Hold()
    {
        Monitor.Enter(this);
        return new Scope(this);
    }

    public bool TryEnter() => Monitor.TryEnter(this);

    public void Exit() => Monitor.Exit(this);

    public readonly ref struct Scope(GateLock held)
    {
        public void Dispose() => held.Exit();
    }
}
