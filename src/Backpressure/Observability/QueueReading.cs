namespace Backpressure.Observability;

/// <summary>Who waits at a downstream now.</summary>
/// <param name="Downstream">Its name.</param>
/// <param name="Waiting">Requests that wait, of all priorities.</param>
/// <param name="Limit">Its limit.</param>
internal readonly record struct QueueReading(string Downstream, int Waiting, int Limit)
{
    /// <summary>Waiting requests for each unit of the limit.</summary>
    public double ToLimit => (double)Waiting / Limit;
}
