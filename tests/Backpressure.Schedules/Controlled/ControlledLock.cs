namespace Backpressure.Schedules.Controlled;

/// <summary>Stands for <see cref="System.Threading.Lock"/>, which Coyote does not know: a monitor, which it does.</summary>
internal sealed class ControlledLock
{
    public bool IsHeldByCurrentThread => Monitor.IsEntered(this);

    public bool TryEnter() => Monitor.TryEnter(this);

    public void Exit() => Monitor.Exit(this);
}
