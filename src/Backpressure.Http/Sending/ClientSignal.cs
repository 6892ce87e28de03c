namespace Backpressure.Http.Sending;

/// <summary>A client as a signal, made before the client: a gate may be built before anything is called.</summary>
internal sealed class ClientSignal(string name, Func<OutboundClient> client) : ICapacitySignal
{
    public string Name => name;

    public double Read() => client().Read();
}
