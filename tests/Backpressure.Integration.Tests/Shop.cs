using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Backpressure.Integration.Tests;

/// <summary>
/// A shop on a real database: checkouts that matter and reports that do not share a pool of ten connections. The limit of 32 is
/// a guess, as such numbers are, and more than the pool can do; the pool's waiters are the signal.
/// </summary>
internal sealed class Shop : IAsyncDisposable
{
    private readonly NpgsqlDataSource _pool;
    private readonly WebApplication _app;

    private Shop(NpgsqlDataSource pool, WebApplication app)
    {
        _pool = pool;
        _app = app;
    }

    public Uri Address => new(_app.Urls.First());

    public static async Task<Shop> OpenAsync(string connection, BackpressureMode mode, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        string name = $"orders-{Guid.NewGuid():N}";
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Backpressure:Mode"] = mode.ToString(),
            ["Backpressure:Downstreams:Default:Limit:Algorithm"] = "Fixed",
            ["Backpressure:Downstreams:Default:Limit:Value"] = "32",
            ["Backpressure:Downstreams:Default:Signals:0"] = "orders-pool",
            ["Backpressure:Signals:orders-pool:Meter"] = "Npgsql",
            ["Backpressure:Signals:orders-pool:Instrument"] = "db.client.connection.npgsql.pending_requests",
            ["Backpressure:Signals:orders-pool:Tags:db.client.connection.pool.name"] = name,
            ["Backpressure:Signals:orders-pool:Soft"] = "0",
            ["Backpressure:Signals:orders-pool:Hard"] = "4",
            ["Backpressure:Policies:Checkout:Priority"] = "Critical",
            ["Backpressure:Policies:Checkout:Overflow"] = "Block",
            ["Backpressure:Policies:Checkout:MaxWait"] = "00:00:05",
            ["Backpressure:Policies:Report:Priority"] = "Low",
            ["Backpressure:Policies:Report:MaxWait"] = "00:00:00.200",
        });
        builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpressure"));
        WebApplication app = builder.Build();
        NpgsqlDataSource pool = Postgres.PoolOfTen(connection, name);
        app.UseBackpressure();
        app.MapGet("/checkout", context => RunAsync(context, pool, "SELECT pg_sleep(0.005)")).RequireBackpressure("Checkout");
        app.MapGet("/report", context => RunAsync(context, pool, "SELECT total FROM report WHERE id = 1 FOR UPDATE")).RequireBackpressure("Report");
        await app.StartAsync(cancellationToken);
        return new Shop(pool, app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _pool.DisposeAsync();
    }

    private static async Task RunAsync(HttpContext context, NpgsqlDataSource pool, string query)
    {
        try
        {
            await using NpgsqlCommand command = pool.CreateCommand(query);

            // To the end, though its client may have left: so do most handlers, and that is what fills a pool.
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
        }
    }
}
