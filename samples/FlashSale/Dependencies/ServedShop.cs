using FlashSale.Shop;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FlashSale.Dependencies;

/// <summary>
/// What stands behind the shop once somebody looks at it: a log of orders, picking, which reads it, and a payment provider, which picking asks.
/// The acts do without: they are about the shop alone.
/// </summary>
internal static class ServedShop
{
    /// <summary>The name of the lag of picking, which is a signal in <c>appsettings.Development.json</c>.</summary>
    private const string PickingLag = "picking";

    private const string LogSection = "OrderLog";

    /// <summary>Where the configuration names brokers; empty: the shop brings its own along.</summary>
    private const string BrokersKey = $"{LogSection}:BootstrapServers";

    /// <returns>The brokers that it brought along, to be disposed of after the shop; <see langword="null"/> where others were named.</returns>
    public static MockBrokers? AddDependencies(this WebApplicationBuilder builder, ServedSettings settings)
    {
        builder.Services.AddSingleton<FraudCheck>();
        builder.Services.AddHttpClient(FraudCheck.Client, http =>
        {
            http.BaseAddress = settings.Payments;
            http.Timeout = FraudCheck.Patience;
        }).RemoveAllLoggers().AddBackpressure(builder.Configuration.GetSection("Payments"));

        MockBrokers? mock = null;
        if (builder.Configuration[BrokersKey] is not { Length: > 0 } brokers)
        {
            mock = new MockBrokers(OrderLog.Topic);
            brokers = mock.BootstrapServers;
        }

        IConfigurationSection log = builder.Configuration.GetSection(LogSection);
        string[] parts = ["Ingest", "Consumer", "Lag"];
        builder.Configuration.AddInMemoryCollection(parts.Select(part => KeyValuePair.Create($"{LogSection}:{part}:BootstrapServers", (string?)brokers)));
        builder.Services.AddBackpressureKafkaIngest(log.GetSection("Ingest"));
        builder.Services.AddBackpressureKafkaConsumer<Picking>("picking", log.GetSection("Consumer"));
        builder.Services.AddBackpressureKafkaLag(PickingLag, log.GetSection("Lag"));
        builder.Services.AddSingleton<OrderLog>();
        return mock;
    }

    /// <summary>201 means: it is in the database, whatever the others do.</summary>
    public static void MapServedCheckout(this IEndpointRouteBuilder shop) =>
        shop.MapPost("/checkout", static async (Order order, ConnectionPool pool, OrderLog log, CancellationToken clientGone) =>
        {
            await pool.WriteAsync(ShopRoute.Checkout, static (writer, order) => writer.StoreOrder(order), order, clientGone);
            await log.AppendAsync(order);
            return TypedResults.StatusCode(StatusCodes.Status201Created);
        }).RequireBackpressure("Checkout");
}
