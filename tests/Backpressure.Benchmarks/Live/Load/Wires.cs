using System.Net;

namespace Backpressure.Benchmarks.Live;

/// <summary>Connections kept open between requests, the last used first.</summary>
internal sealed class Wires(IPEndPoint server) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Stack<Wire> _idle = new();

    public Wire Take()
    {
        lock (_lock)
        {
            return _idle.TryPop(out Wire? wire) ? wire : new Wire(server);
        }
    }

    public void GiveBack(Wire wire)
    {
        if (!wire.CanBeUsedAgain)
        {
            wire.Dispose();
            return;
        }

        lock (_lock)
        {
            _idle.Push(wire);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            while (_idle.TryPop(out Wire? wire))
            {
                wire.Dispose();
            }
        }
    }
}
