using Backpressure.Http;
using Backpressure.Http.Destinations;
using Backpressure.Simulation.Running;

namespace Backpressure.Simulation.Clients;

/// <summary>
/// One process that calls the plant through Backpressure.Http at its defaults: the handler's own throttle and holds
/// (<see cref="DestinationHealth"/>) and its own <see cref="RetryBudget"/>, told the laboratory's time. The handler stands outside
/// of the retries, as README has it: it is asked once for a call, and told what the last attempt came to.
/// </summary>
/// <remarks>
/// What is not here is the handler's gate, which is the engine's own and is what the plant's side shows, and credits, which the
/// plant does not grant.
/// </remarks>
internal sealed class CallingProcess
{
    /// <summary>Processes among which the clients are dealt out.</summary>
    public const int Number = 20;

    private static readonly ClientSettings _defaults = ClientSettings.Of("laboratory", new BackpressureClientOptions());

    private readonly RetryBudget _budget = new();
    private readonly DestinationHealth _health;
    private double _lot;

    public CallingProcess() => _health = new DestinationHealth(new VirtualTime(), static () => _defaults, () => _lot);

    /// <summary>Whether a call is sent, or fails here.</summary>
    /// <param name="now">Seconds.</param>
    /// <param name="lot">A random number from 0 up to 1.</param>
    public bool MaySend(double now, double lot)
    {
        _lot = lot;
        if (_health.Ask(Priority.Normal, VirtualTime.TicksOf(now), out _) != RefusalReason.None)
        {
            return false;
        }

        _budget.NoteFirstAttempt();
        return true;
    }

    /// <summary>Whether another attempt may be made; then it is paid for.</summary>
    public bool MayRetry() => _budget.TryRetry();

    /// <summary>The destination has served one.</summary>
    public void Served(double now) => _health.Ended(Priority.Normal, Outcome.Success, TimeSpan.Zero, VirtualTime.TicksOf(now));

    /// <summary>A call has come to nothing: refused, or not answered in time.</summary>
    /// <param name="now">Seconds.</param>
    /// <param name="retryAfterSeconds">What it was told; 0: nothing.</param>
    public void Failed(double now, int retryAfterSeconds) =>
        _health.Ended(Priority.Normal, Outcome.Dropped, TimeSpan.FromSeconds(retryAfterSeconds), VirtualTime.TicksOf(now));
}
