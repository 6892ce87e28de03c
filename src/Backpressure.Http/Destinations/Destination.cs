using System.Collections.Concurrent;
using Backpressure.Configuration;

namespace Backpressure.Http.Destinations;

/// <summary>One destination: its gate (a downstream of the client's shedder, known by its classes), its health, who is at it.</summary>
internal sealed class Destination : IDisposable
{
    /// <summary>Kinds of calls with a class of their own; all beyond share one.</summary>
    private const int MaxRoutes = 256;

    private const string OtherRoute = "other";

    /// <summary>What <see cref="_calls"/> becomes when it is forgotten: calls that come later make it no less negative.</summary>
    private const int Closed = int.MinValue / 2;

    private readonly LoadShedder _shedder;
    private readonly ConcurrentDictionary<(string Route, Priority Priority), RequestClass> _classes = new();
    private int _calls;
    private long _lastUsed;

    public Destination(string name, Origin origin, LoadShedder shedder, DestinationHealth health, CreditQueue credits, long now)
    {
        Name = name;
        Origin = origin;
        Health = health;
        Credits = credits;
        _shedder = shedder;
        _lastUsed = now;
    }

    /// <summary>The name of its downstream and policy.</summary>
    public string Name { get; }

    public Origin Origin { get; }

    public DestinationHealth Health { get; }

    public CreditQueue Credits { get; }

    public long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>How many calls may wait at its gate, and as many for its credits.</summary>
    public int QueueCapacity
    {
        get
        {
            Downstreams.Downstream? gate = _classes.Values.Select(static known => known.Resolved?.Downstream).FirstOrDefault(static found => found is not null);
            DownstreamSettings settings = _shedder.Settings.Downstreams[Name];
            return settings.Queue.CapacityAt(gate?.Gate.Nominal ?? settings.Limit.Initial);
        }
    }

    /// <summary>A call begins, unless the destination has been forgotten.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _calls) > 0)
        {
            return true;
        }

        Interlocked.Decrement(ref _calls);
        return false;
    }

    /// <summary>A call has ended.</summary>
    public void Leave(long now)
    {
        Volatile.Write(ref _lastUsed, now);
        Interlocked.Decrement(ref _calls);
    }

    /// <summary>Closes it if nobody is at it.</summary>
    public bool TryClose() => Interlocked.CompareExchange(ref _calls, Closed, 0) == 0;

    public void Dispose() => Credits.Dispose();

    public RequestClass ClassOf(string route, Priority priority)
    {
        if (_classes.TryGetValue((route, priority), out RequestClass? known))
        {
            return known;
        }

        string bounded = _classes.Count < MaxRoutes * Priorities.Count ? route : OtherRoute;
        return _classes.GetOrAdd((bounded, priority), key => _shedder.ClassOf(key.Route, Name, key.Priority));
    }
}
