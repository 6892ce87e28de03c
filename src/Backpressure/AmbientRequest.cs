namespace Backpressure;

/// <summary>
/// The request whose work the current flow of execution does. Calls made for it carry its priority and what is left of its
/// deadline. Begun by <see cref="AmbientRequests.Begin"/> and ended by <see cref="Dispose"/>, after which it says nothing any more:
/// work that outlives its request is nobody's.
/// </summary>
public sealed class AmbientRequest : IDisposable
{
    private readonly TimeProvider _time;
    private readonly long _begunAt;
    private readonly TimeSpan? _timeLeft;
    private volatile bool _ended;

    internal AmbientRequest(AmbientRequest? outer, Priority priority, TimeSpan? timeLeft, CallChain chain, TimeProvider time)
    {
        Outer = outer;
        Priority = priority;
        Chain = chain;
        _timeLeft = timeLeft;
        _time = time;
        _begunAt = timeLeft is null ? 0 : time.GetTimestamp();
    }

    /// <summary>Its priority.</summary>
    public Priority Priority { get; }

    /// <summary>How long its caller still cares; zero when that time is over, <see langword="null"/>: for ever.</summary>
    public TimeSpan? TimeLeft
    {
        get
        {
            if (_timeLeft is not { } atFirst)
            {
                return null;
            }

            TimeSpan left = atFirst - _time.GetElapsedTime(_begunAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>The gates that it and its callers hold slots of.</summary>
    internal CallChain Chain { get; }

    internal AmbientRequest? Outer { get; }

    internal bool HasEnded => _ended;

    /// <summary>The request has ended. May be called by any thread, and more than once.</summary>
    public void Dispose() => _ended = true;
}
