namespace Backpressure.Configuration;

/// <summary>A signal that whoever registers it also says the thresholds of, so that a downstream need only name it.</summary>
internal sealed record KnownSignal(string Name, double Soft, double Hard)
{
    /// <summary>Adds its entry where there is none.</summary>
    public void AddTo(BackpressureOptions options) =>
        options.Signals.TryAdd(Name, new SignalOptions { Kind = SignalKind.Custom, Soft = Soft, Hard = Hard });
}
