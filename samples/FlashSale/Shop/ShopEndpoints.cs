using System.Net.Mime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace FlashSale.Shop;

/// <summary>
/// The shop's HTTP surface. Handlers pass <c>RequestAborted</c> on: who waits for a connection stops waiting when its
/// client has gone, but an order that has reached the database is stored whether or not anybody still listens.
/// </summary>
internal static class ShopEndpoints
{
    /// <summary>The header with an event's id; its body is opaque to the shop.</summary>
    public const string EventId = "X-Event-Id";

    private static readonly int[] Offers = [.. Enumerable.Range(0, 10)];

    public static void MapReads(this IEndpointRouteBuilder shop)
    {
        shop.MapGet("/products/{id:int}", static async Task<Results<ContentHttpResult, NotFound>> (int id, ConnectionPool pool, CancellationToken clientGone) =>
        {
            string? product = await pool.ReadAsync(ShopRoute.Product, connection => connection.FindProduct(id), clientGone);
            return product is null ? TypedResults.NotFound() : TypedResults.Content(product, MediaTypeNames.Application.Json);
        }).RequireBackpressure("Products");

        shop.MapGet("/recommendations/{id:int}", static async Task<Results<ContentHttpResult, NotFound>> (int id, ConnectionPool pool, CancellationToken clientGone) =>
        {
            string? names = await pool.ReadAsync(ShopRoute.Recommendation, connection => connection.Recommend(id), clientGone);
            return names is null ? TypedResults.NotFound() : TypedResults.Content(names, MediaTypeNames.Application.Json);
        }).RequireBackpressure("Recommendations");

        shop.MapGet("/offers", static () => TypedResults.Ok(Offers)).RequireBackpressure("Offers");
    }

    /// <summary>201 means: it is in the database.</summary>
    public static void MapCheckout(this IEndpointRouteBuilder shop) =>
        shop.MapPost("/checkout", static async (Order order, ConnectionPool pool, CancellationToken clientGone) =>
        {
            await pool.WriteAsync(ShopRoute.Checkout, static (writer, order) => writer.StoreOrder(order), order, clientGone);
            return TypedResults.StatusCode(StatusCodes.Status201Created);
        }).RequireBackpressure("Checkout");

    /// <summary>As with an order.</summary>
    public static void MapAnalytics(this IEndpointRouteBuilder shop) =>
        shop.MapPost("/analytics", static async (HttpRequest request, ConnectionPool pool, CancellationToken clientGone) =>
        {
            AnalyticsEvent view = await ReadEventAsync(request, clientGone);
            await pool.WriteAsync(ShopRoute.Analytics, static (writer, view) => writer.StoreEvent(view), view, clientGone);
            return TypedResults.StatusCode(StatusCodes.Status201Created);
        }).RequireBackpressure("Analytics");

    /// <summary>The naive way: 202 at once, and the work goes into a queue that nothing bounds.</summary>
    public static void MapQueuedWrites(this IEndpointRouteBuilder shop)
    {
        shop.MapPost("/checkout", static (Order order, UnboundedQueue queue) =>
        {
            queue.Add(ShopRoute.Checkout, static (writer, order) => writer.StoreOrder(order), order);
            return TypedResults.StatusCode(StatusCodes.Status202Accepted);
        });

        shop.MapPost("/analytics", static async (HttpRequest request, UnboundedQueue queue, CancellationToken clientGone) =>
        {
            AnalyticsEvent view = await ReadEventAsync(request, clientGone);
            queue.Add(ShopRoute.Analytics, static (writer, view) => writer.StoreEvent(view), view);
            return TypedResults.StatusCode(StatusCodes.Status202Accepted);
        });
    }

    /// <summary>What is never held back: probes, scrapes, and what the demonstration asks about the pool.</summary>
    public static void MapOperations(this IEndpointRouteBuilder shop)
    {
        shop.MapGet("/health", static () => TypedResults.Ok("healthy")).Unprotected();
        shop.MapGet("/pool", static (ConnectionPool pool) => TypedResults.Ok(pool.Use)).Unprotected();
        shop.MapPrometheusScrapingEndpoint("/metrics").Unprotected();
    }

    private static async Task<AnalyticsEvent> ReadEventAsync(HttpRequest request, CancellationToken clientGone)
    {
        byte[] body = new byte[request.ContentLength ?? 0];
        await request.Body.ReadExactlyAsync(body, clientGone);
        return new AnalyticsEvent(Guid.Parse(request.Headers[EventId].ToString()), body);
    }
}
