using StackExchange.Redis;

namespace Backpressure.Redis.Store;

/// <summary>The connection to Redis: made in the background and made anew for as long as the host runs. Never waits for a lost one.</summary>
internal sealed class RedisConnection : IDisposable
{
    private const int RetryMilliseconds = 500;

    private readonly ConfigurationOptions _options;
    private ConnectionMultiplexer? _multiplexer;
    private bool _disposed;

    /// <param name="configuration">In StackExchange.Redis' form; known to be valid.</param>
    public RedisConnection(string configuration)
    {
        _options = ConfigurationOptions.Parse(configuration);
        _options.AbortOnConnectFail = false;

        // A request must know at once that nobody is there, and not stand in a queue for whoever may come.
        _options.BacklogPolicy = BacklogPolicy.FailFast;
        _options.ReconnectRetryPolicy = new LinearRetry(RetryMilliseconds);
        _options.ConnectionAttemptCompleted += (_, e) =>
        {
            // One that is given up for another one says nothing.
            if (!e.IsSuccess && e.FailureType != ConnectionFailureType.ConnectionDisposed)
            {
                Tell(ConnectionType.Interactive, ReasonOf(e.FailureType));
            }
        };
        _options.HeartbeatInterval = TimeSpan.FromMilliseconds(RetryMilliseconds);
        EndPoints = string.Join(", ", _options.EndPoints.Select(static endPoint => endPoint is System.Net.DnsEndPoint { Host: var host, Port: var port } ? $"{host}:{port}" : endPoint.ToString()));
    }

    /// <summary>Where it goes, for the log: no password.</summary>
    public string EndPoints { get; }

    /// <summary>Called when a connection was made, was lost or could not be made; the argument says why not.</summary>
    public Action<string?>? Changed { get; set; }

    public bool IsConnected => _multiplexer is { IsConnected: true };

    public IDatabaseAsync? Database { get; private set; }

    /// <summary>Begins to connect. Done when the first attempt is over, however it ended.</summary>
    public async Task ConnectAsync()
    {
        ConnectionMultiplexer multiplexer = await ConnectionMultiplexer.ConnectAsync(_options);
        multiplexer.ConnectionFailed += (_, e) => Tell(e.ConnectionType, ReasonOf(e.FailureType));
        multiplexer.ConnectionRestored += (_, e) => Tell(e.ConnectionType, null);
        Database = multiplexer.GetDatabase();
        Volatile.Write(ref _multiplexer, multiplexer);
        if (Volatile.Read(ref _disposed))
        {
            await multiplexer.DisposeAsync();
        }

        if (multiplexer.IsConnected)
        {
            Changed?.Invoke(null);
        }
    }

    /// <summary>Why nobody is there, to be read on after "Redis at … does not decide:".</summary>
    public static string ReasonOf(ConnectionFailureType type) => type switch
    {
        ConnectionFailureType.AuthenticationFailure => "it does not accept the user or the password",
        ConnectionFailureType.UnableToConnect or ConnectionFailureType.UnableToResolvePhysicalConnection => "it cannot be reached",
        _ => $"the connection has ended ({type})",
    };

    public void Dispose()
    {
        Volatile.Write(ref _disposed, true);
        _multiplexer?.Dispose();
    }

    private void Tell(ConnectionType type, string? reason)
    {
        if (type == ConnectionType.Interactive && !Volatile.Read(ref _disposed))
        {
            Changed?.Invoke(reason);
        }
    }
}
