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
                // An empty section but for what the contender is about: every default, and none of what this machine's environment may say.
                services.AddBackpressure(
                    new ConfigurationBuilder().AddInMemoryCollection([.. MaxOf(settings), .. SignalOf(settings)]).Build().GetSection("Backpressure"));
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

    // What computes is done no sooner by being begun sooner.
    private static Dictionary<string, string?> MaxOf(ServerSettings settings) => !settings.Plant.Computes ? [] : new()
    {
        ["Backpressure:Downstreams:Default:Limit:Initial"] = $"{ServerProcess.MostComputing}",
        ["Backpressure:Downstreams:Default:Limit:Max"] = $"{ServerProcess.MostComputing}",
        ["Backpressure:Downstreams:Default:Limit:Min"] = "1",
    };

    private static Dictionary<string, string?> SignalOf(ServerSettings settings) => !settings.Contender.ThreadPoolDelay ? [] : new()
    {
        ["Backpressure:Signals:threads:Kind"] = nameof(SignalKind.ThreadPoolDelay),
        ["Backpressure:Signals:threads:Soft"] = "0.002",
        ["Backpressure:Signals:threads:Hard"] = "0.01",
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
