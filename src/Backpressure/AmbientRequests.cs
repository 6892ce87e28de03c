namespace Backpressure;

/// <summary>
/// Knows the request that is being worked on, for those who call others on its behalf. <c>UseBackpressure</c> fills it for HTTP
/// requests wherever it is registered (<c>IHttpClientBuilder.AddBackpressure()</c> does); a worker begins its own.
/// </summary>
/// <remarks>It flows with the execution context, as nothing else reaches from a request's handler to the calls it makes.</remarks>
public sealed class AmbientRequests
{
    private readonly AsyncLocal<AmbientRequest?> _current = new();
    private readonly TimeProvider _time;

    /// <summary>Knows of no request yet.</summary>
    /// <param name="timeProvider">The clock that deadlines go by; <see langword="null"/>: the system's.</param>
    public AmbientRequests(TimeProvider? timeProvider = null) => _time = timeProvider ?? TimeProvider.System;

    /// <summary>The innermost request of this flow that has not ended; <see langword="null"/>: the work is nobody's.</summary>
    public AmbientRequest? Current
    {
        get
        {
            AmbientRequest? current = _current.Value;
            while (current is { HasEnded: true })
            {
                current = current.Outer;
            }

            return current;
        }
    }

    /// <summary>From here on, and in all that this flow of execution starts, work is done for this request.</summary>
    /// <param name="priority">Its priority.</param>
    /// <param name="timeLeft">How long its caller still cares, from now; <see langword="null"/>: for ever.</param>
    /// <returns>The request; dispose of it when its work has ended.</returns>
    public AmbientRequest Begin(Priority priority, TimeSpan? timeLeft = null) => BeginInChain(priority, timeLeft, CallChain.None);

    internal AmbientRequest BeginInChain(Priority priority, TimeSpan? timeLeft, CallChain chain)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)priority, (uint)Priority.Low, nameof(priority));
        var request = new AmbientRequest(Current, priority, timeLeft, chain, _time);
        _current.Value = request;
        return request;
    }
}
