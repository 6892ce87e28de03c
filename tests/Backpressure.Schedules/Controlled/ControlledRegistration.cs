namespace Backpressure.Schedules.Controlled;

/// <summary>Stands for <see cref="System.Threading.CancellationTokenRegistration"/>.</summary>
internal readonly struct ControlledRegistration(ControlledTokenSource.Callback? callback) : IDisposable
{
    /// <summary>Takes the callback away, or waits for it to end if it runs on another thread.</summary>
    public void Dispose() => callback?.Unregister();
}
