using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FlashSale.Shop;

/// <summary>The acts' apps differ in these few lines and in nothing else.</summary>
internal static class Protections
{
    public static void AddProtection(this WebApplicationBuilder builder, ShopSettings settings)
    {
        switch (settings.Protection)
        {
            case Protection.ConcurrencyLimiter:
                builder.Services.AddRateLimiter(options =>
                {
                    options.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
                    options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(_ => RateLimitPartition.GetConcurrencyLimiter(
                        "shop",
                        _ => new ConcurrencyLimiterOptions { PermitLimit = settings.PermitLimit, QueueLimit = settings.QueueLimit }));
                });
                break;

            case Protection.BackpressureReject:
                builder.Configuration.AddInMemoryCollection(EverythingRejects());
                goto case Protection.Backpressure;

            case Protection.Backpressure:
                builder.ShareLimits();
                builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpressure"));
                break;
        }
    }

    public static void UseProtection(this WebApplication app, ShopSettings settings)
    {
        switch (settings.Protection)
        {
            case Protection.ConcurrencyLimiter:
                app.UseRateLimiter();
                break;

            case Protection.BackpressureReject or Protection.Backpressure:
                app.UseBackpressure();
                break;
        }
    }

    /// <summary>Probes and scrapes must get through when nothing else does.</summary>
    public static void Unprotected<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoint.DisableRateLimiting();
        endpoint.DisableBackpressure();
    }

    /// <summary>Where there is a Redis, partners and crawlers have one limit for all shops together, whichever they ask.</summary>
    private static void ShareLimits(this WebApplicationBuilder builder)
    {
        if (builder.Configuration["Backpressure:Redis:Configuration"] is null)
        {
            return;
        }

        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Backpressure:RateLimits:PerKey:Scope"] = "Fleet",
            ["Backpressure:RateLimits:PerAddress:Scope"] = "Fleet",
        });
        builder.Services.AddBackpressureRedis(builder.Configuration.GetSection("Backpressure:Redis"));
    }

    private static Dictionary<string, string?> EverythingRejects() => new()
    {
        ["Backpressure:Policies:Checkout:Overflow"] = "Reject",

        // What never waits has no longest wait.
        ["Backpressure:Policies:Checkout:MaxWait"] = null,
        ["Backpressure:Policies:Products:Overflow"] = "Reject",
        ["Backpressure:Policies:Recommendations:Overflow"] = "Reject",
        ["Backpressure:Policies:Analytics:Overflow"] = "Reject",
    };
}
