using System.Diagnostics.Metrics;
using System.Threading.Channels;

namespace FlashSale.Shop;

/// <summary>
/// Eight database connections, handed out first come, first served. One of them, the first, does all the writing:
/// SQLite allows one writer at a time. Whoever calls holds *a* connection for the whole declared round trip; the
/// write itself, a moment within that, is done on the writer when its turn comes. (Were the writer held for the whole
/// round trip of 20 ms, the shop could take 50 orders a second and that, not the pool, would be its capacity.)
/// </summary>
internal sealed class ConnectionPool : IDisposable
{
    /// <summary>The name of the shop's own meter.</summary>
    public const string Meter = "FlashSale";

    private readonly Channel<ShopConnection> _free = Channel.CreateUnbounded<ShopConnection>();
    private readonly ShopConnection[] _connections;
    private readonly RoundTrip[] _roundTrips = [.. Scenario.Routes.Select(r => new RoundTrip(TimeSpan.FromMilliseconds(r.RoundTripMs)))];
    private readonly PoolUse[] _use = [.. Scenario.Routes.Select(_ => new PoolUse())];
    private readonly TimeProvider _time;

    private int _waiting;

    public ConnectionPool(string folder, TimeProvider time, IMeterFactory meters)
    {
        _time = time;

        // As database drivers tell it: it is a signal in appsettings.json.
        meters.Create(new MeterOptions(Meter)).CreateObservableUpDownCounter(
            "shop.pool.waiting", () => Volatile.Read(ref _waiting), "{request}", "Requests that wait for one of the pool's connections.");
        ShopSchema.Create(folder);
        _connections = [.. Enumerable.Range(0, Scenario.PoolSize).Select(i => new ShopConnection(folder, writable: i == 0))];
        foreach (ShopConnection connection in _connections)
        {
            _free.Writer.TryWrite(connection);
        }
    }

    /// <summary>How long connections have been held so far, by route.</summary>
    public IReadOnlyList<PoolUse> Use => _use;

    private ShopConnection Writer => _connections[0];

    public Task<string?> ReadAsync(ShopRoute route, Func<ShopConnection, string?> read, CancellationToken clientGone)
        => CallAsync(route, own => own, read, clientGone);

    public Task WriteAsync<TRow>(ShopRoute route, Action<ShopConnection, TRow> write, TRow row, CancellationToken clientGone)
        => CallAsync(
            route,
            _ => Writer,
            connection =>
            {
                write(connection, row);
                return true;
            },
            clientGone);

    public void Dispose()
    {
        foreach (ShopConnection connection in _connections)
        {
            connection.Dispose();
        }
    }

    /// <summary>
    /// Waits for a connection, in the order of arrival and without bound: what overload makes of an unprotected shop.
    /// A client that leaves while waiting frees its place; once it has a connection the call runs to its end, as a
    /// statement that was sent to a remote database does.
    /// </summary>
    private async Task<TResult> CallAsync<TResult>(
        ShopRoute route,
        Func<ShopConnection, ShopConnection> executor,
        Func<ShopConnection, TResult> statements,
        CancellationToken clientGone)
    {
        ShopConnection held = await TakeAsync(clientGone);
        long start = _time.GetTimestamp();
        try
        {
            TimeSpan roundTrip = _roundTrips[(int)route].Next();
            TResult result = await executor(held).RunAsync(statements);
            TimeSpan rest = roundTrip - _time.GetElapsedTime(start);
            if (rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, _time, CancellationToken.None);
            }

            return result;
        }
        finally
        {
            _use[(int)route].Add(_time.GetElapsedTime(start));
            _free.Writer.TryWrite(held);
        }
    }

    private async ValueTask<ShopConnection> TakeAsync(CancellationToken clientGone)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            return await _free.Reader.ReadAsync(clientGone);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
