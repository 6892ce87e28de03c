using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Backpressure.Http.Destinations;
using Backpressure.Observability;
using Microsoft.Extensions.Logging;

namespace Backpressure.Http.Sending;

/// <summary>
/// What all handlers of one named client share, since the factory makes new handlers every two minutes: its shedder, its
/// destinations, its settings.
/// </summary>
internal sealed class OutboundClient : IDisposable
{
    private readonly AmbientRequests _ambient;
    private readonly Counter<long> _notSent;
    private ClientSettings _settings;
    private bool _orderLookedAt;

    public OutboundClient(
        string name, ClientSettings settings, AmbientRequests ambient, TimeProvider? time, ILoggerFactory loggers, IMeterFactory meters, Func<double>? random = null)
    {
        Name = name;
        Time = time ?? TimeProvider.System;
        Logger = loggers.CreateLogger("Backpressure.Http");
        _settings = settings;
        _ambient = ambient;
        Func<double> dice = random ?? Random.Shared.NextDouble;
        Shedder = new LoadShedder(settings.Shedder, time, loggers, meters);
        Destinations = new DestinationSet(name, settings, Shedder, Time, () => new DestinationHealth(Time, () => Settings, dice));
        _notSent = meters.Create(new MeterOptions(ShedderMetrics.MeterName)).CreateCounter<long>(
            "backpressure.client.not_sent", "{request}", "Calls that were not sent because of what their destination said before.");
    }

    /// <summary>The client's name, which is its signal's too.</summary>
    public string Name { get; }

    /// <summary>What it calls itself, to those who divide what they have among their callers.</summary>
    public string Caller { get; } = RandomNumberGenerator.GetHexString(16, lowercase: true);

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public LoadShedder Shedder { get; }

    public DestinationSet Destinations { get; }

    public ClientSettings Settings => Volatile.Read(ref _settings);

    /// <summary>The request that calls are made for now.</summary>
    public AmbientRequest? Current => _ambient.Current;

    /// <summary>Takes over new settings.</summary>
    public void Reconfigure(ClientSettings settings)
    {
        Volatile.Write(ref _settings, settings);
        Destinations.Reconfigure(settings);
    }

    /// <summary>
    /// As a signal for gates upstream: the share of the last two seconds' calls that were refused, by the destinations or here, or
    /// timed out. 0 where none was made, since then nothing is known against it.
    /// </summary>
    public double Read()
    {
        long now = Time.GetTimestamp();
        (int calls, int shed) = (0, 0);
        foreach (Destination destination in Destinations.All)
        {
            (int itsCalls, int itsShed) = destination.Health.Recent(now);
            calls += itsCalls;
            shed += itsShed;
        }

        return calls == 0 ? 0 : Math.Clamp((double)shed / calls, 0, 1);
    }

    public void NoteNotSent(Destination destination, Priority priority, RefusalReason reason, int retryAfterSeconds)
    {
        _notSent.Add(
            1,
            new KeyValuePair<string, object?>(Tags.Downstream, destination.Name),
            new KeyValuePair<string, object?>(Tags.Priority, priority.Tag()),
            new KeyValuePair<string, object?>(Tags.Reason, reason.Tag()));
        Log.NotSent(Logger, priority, destination.Name, reason.Tag(), retryAfterSeconds);
    }

    /// <summary>Whether it is the first time that this is asked: each new chain of handlers has the order of the one before.</summary>
    public bool LooksAtOrder() => !Interlocked.Exchange(ref _orderLookedAt, true);

    public void Dispose()
    {
        Destinations.Dispose();
        Shedder.Dispose();
    }
}
