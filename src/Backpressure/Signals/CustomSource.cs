namespace Backpressure.Signals;

/// <summary>A reading that a user brings.</summary>
internal sealed class CustomSource(string name, ICapacitySignal? signal) : ISignalSource
{
    public string Absence => signal is null
        ? $"No ICapacitySignal named {name} is registered. Register one, or remove the entry."
        : "Its ICapacitySignal says that it does not know.";

    public double Read(long now) => signal?.Read() ?? double.NaN;

    public void Dispose()
    {
        // It belongs to whoever made it.
    }
}
