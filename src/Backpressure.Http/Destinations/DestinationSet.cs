using System.Collections.Concurrent;
using System.Collections.Frozen;
using Backpressure.Configuration;

namespace Backpressure.Http.Destinations;

/// <summary>
/// The destinations of one client, each with a downstream of its own in the client's shedder: bounded in number, the idle ones
/// forgotten, those beyond the bound together at one.
/// </summary>
internal sealed class DestinationSet : IDisposable
{
    private readonly ConcurrentDictionary<Origin, Destination> _known = new();
    private readonly Lock _changing = new();
    private readonly string _client;
    private readonly LoadShedder _shedder;
    private readonly TimeProvider _time;
    private readonly Func<DestinationHealth> _makeHealth;
    private readonly Destination _others;
    private ClientSettings _settings;
    private Destination? _last;
    private long _lookedAt;

    public DestinationSet(string client, ClientSettings settings, LoadShedder shedder, TimeProvider time, Func<DestinationHealth> makeHealth)
    {
        _client = client;
        _settings = settings;
        _shedder = shedder;
        _time = time;
        _makeHealth = makeHealth;
        _lookedAt = time.GetTimestamp();
        _others = new Destination(settings.OthersName, default, shedder, makeHealth(), new CreditQueue(time), _lookedAt);
    }

    public IEnumerable<Destination> All => _known.Values.Append(_others);

    /// <summary>The destination of a call, entered: it must be left when the call has ended.</summary>
    public Destination Enter(Uri uri)
    {
        if (Volatile.Read(ref _last) is { } last && last.Origin.Is(uri) && last.TryEnter())
        {
            return last;
        }

        while (true)
        {
            Destination destination = _known.TryGetValue(Origin.Of(uri), out Destination? known) ? known : Add(Origin.Of(uri));
            if (destination.TryEnter())
            {
                Volatile.Write(ref _last, destination == _others ? null : destination);
                return destination;
            }
        }
    }

    /// <summary>Takes over new settings: for those that are known too.</summary>
    public void Reconfigure(ClientSettings settings)
    {
        lock (_changing)
        {
            _settings = settings;
            ApplyLocked();
        }

        if (!settings.Credits || !settings.Enforces)
        {
            foreach (Destination destination in All)
            {
                destination.Credits.Stop();
            }
        }
    }

    /// <summary>Forgets those that nobody has called for a while, now and then.</summary>
    public void LookForIdle(long now)
    {
        ClientSettings settings = Volatile.Read(ref _settings);
        long idle = (long)(settings.ForgetAfter.TotalSeconds * _time.TimestampFrequency);
        if (now - Volatile.Read(ref _lookedAt) >= idle / 4 && _changing.TryEnter())
        {
            try
            {
                Volatile.Write(ref _lookedAt, now);
                ForgetIdleLocked(now - idle);
            }
            finally
            {
                _changing.Exit();
            }
        }
    }

    public void Dispose()
    {
        foreach (Destination destination in _known.Values)
        {
            destination.Dispose();
        }

        _others.Dispose();
    }

    private Destination Add(Origin origin)
    {
        lock (_changing)
        {
            if (_known.TryGetValue(origin, out Destination? known))
            {
                return known;
            }

            if (_known.Count >= _settings.MaxDestinations)
            {
                long now = _time.GetTimestamp();
                ForgetIdleLocked(now - (long)(_settings.ForgetAfter.TotalSeconds * _time.TimestampFrequency));
                if (_known.Count >= _settings.MaxDestinations)
                {
                    return _others;
                }
            }

            var added = new Destination(NameOf(origin), origin, _shedder, _makeHealth(), new CreditQueue(_time), _time.GetTimestamp());
            try
            {
                // First its gate, then itself: whoever finds it, without the lock, asks that gate.
                ApplyLocked(added);
            }
            catch
            {
                added.Dispose();
                throw;
            }

            _known[origin] = added;
            return added;
        }
    }

    private void ForgetIdleLocked(long usedBefore)
    {
        Destination[] idle = [.. _known.Values.Where(destination => destination.LastUsed < usedBefore && destination.TryClose())];
        if (idle.Length == 0)
        {
            return;
        }

        foreach (Destination destination in idle)
        {
            _known.TryRemove(destination.Origin, out _);
            destination.Dispose();
        }

        ApplyLocked();
        _shedder.Forget(idle.Select(static destination => destination.Name));
    }

    private void ApplyLocked(params ReadOnlySpan<Destination> added)
    {
        ShedderSettings template = _settings.Shedder;
        PolicySettings policy = template.DefaultPolicy;
        DownstreamSettings downstream = template.Downstreams[policy.Downstream];
        List<string> names = [.. _known.Values.Select(static destination => destination.Name), policy.Name];
        foreach (Destination destination in added)
        {
            names.Add(destination.Name);
        }

        _shedder.Reconfigure(template with
        {
            Downstreams = names.ToFrozenDictionary(static name => name, name => downstream with { Name = name }, StringComparer.OrdinalIgnoreCase),
            Policies = names.ToFrozenDictionary(static name => name, name => policy with { Name = name, Downstream = name }, StringComparer.OrdinalIgnoreCase),
        });
    }

    // No client of ours can have a downstream of this name: the configuration refuses colons.
    private string NameOf(Origin origin) => $"{_client} {origin}".TrimStart();
}
