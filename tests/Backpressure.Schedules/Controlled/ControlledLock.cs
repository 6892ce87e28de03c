using System.Diagnostics.CodeAnalysis;

namespace Backpressure.Schedules.Controlled;

/// <summary>Stands for <see cref="System.Threading.Lock"/>, which Coyote does not know: a monitor, which it does.</summary>
[SuppressMessage("Reliability", "CA2002:Do not lock on objects with weak identity", Justification = "This object is the lock: the engine locks it too.")]
internal sealed class ControlledLock
{
    public bool IsHeldByCurrentThread => Monitor.IsEntered(this);

    public bool TryEnter() => Monitor.TryEnter(this);

    public void Exit() => Monitor.Exit(this);
}
