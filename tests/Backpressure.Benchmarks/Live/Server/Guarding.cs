using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Backpressure.Benchmarks.Live;

/// <summary>The servers differ in these few lines and in nothing else.</summary>
internal static class Guarding
{
    private const string Policy = "downstream";

    public static void AddGuard(this IServiceCollection services, ServerSettings settings)
    {
        switch (settings.Contender.Guard)
        {
            case Guard.Backpressure:
                // An empty section but for the signal: every default, and none of what this machine's environment may say.
                services.AddBackpressure(new ConfigurationBuilder().AddInMemoryCollection(SignalOf(settings)).Build().GetSection("Backpressure"));
                break;

            case Guard.RateLimiter:
                services.AddRateLimiter(options =>
                {
                    options.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
                    options.AddConcurrencyLimiter(Policy, limiter =>
                    {
                        limiter.PermitLimit = settings.Contender.Limit(settings.Plant);
                        limiter.QueueLimit = Contender.QueueLimit(settings.Plant);
                    });
                });
                break;

            case Guard.Nothing:
                break;
        }
    }

    private static Dictionary<string, string?> SignalOf(ServerSettings settings) => !settings.Contender.ThreadPoolDelay ? [] : new()
    {
        ["Backpressure:Signals:threads:Kind"] = nameof(SignalKind.ThreadPoolDelay),
        ["Backpressure:Signals:threads:Soft"] = "0.002",
        ["Backpressure:Signals:threads:Hard"] = "0.01",
        ["Backpressure:Downstreams:Default:Limit:Min"] = "1",
        ["Backpressure:Downstreams:Default:Signals:0"] = "threads",
    };

    public static void UseGuard(this WebApplication app, ServerSettings settings)
    {
        switch (settings.Contender.Guard)
        {
            case Guard.Backpressure:
                app.UseBackpressure();
                break;

            case Guard.RateLimiter:
                app.UseRateLimiter();
                break;

            case Guard.Nothing:
                break;
        }
    }

    public static void Guarded(this IEndpointConventionBuilder endpoint, ServerSettings settings, Route route)
    {
        switch (settings.Contender.Guard)
        {
            case Guard.Backpressure:
                endpoint.WithPriority(route.Priority);
                break;

            case Guard.RateLimiter:
                endpoint.RequireRateLimiting(Policy);
                break;

            case Guard.Nothing:
                break;
        }
    }
}
