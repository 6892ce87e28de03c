using System.Data.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Backpressure.AspNetCore.Tests.Documentation;

/// <summary>README's C# where no sample holds it, line by line; <see cref="ReadmeTests"/> compares and runs it.</summary>
internal static class ReadmeSnippets
{
    public static void Endpoints(WebApplication app)
    {
        app.MapPost("/orders", PlaceOrder).RequireBackpressure("Checkout");
        app.MapGet("/recommendations", Recommend).WithPriority(Priority.Low);
        app.MapGet("/version", Version).DisableBackpressure();
        app.MapGroup("/admin").RequireBackpressure("Export");
    }

    public static void Options(WebApplicationBuilder builder)
    {
        builder.Services.Configure<BackpressureHttpOptions>(options =>
        {
            options.Classify = static (HttpContext context, ref RequestTraits traits) =>
                traits.Cost = context.Request.Query.ContainsKey("all") ? 10 : 1;
            options.OutcomeOf = static (context, exception) => exception is DbException ? Outcome.Dropped : null;
            options.OnRejected = static (context, decision) =>
            {
                context.Response.Headers["X-Reason"] = decision.Reason.ToString();
                return ValueTask.CompletedTask;
            };
        });
    }

    public static void Cost(WebApplication app)
    {
        app.MapGet("/report", (HttpContext context) =>
        {
            int rows = CountRows();
            context.Features.Get<IBackpressureFeature>()!.Cost = 1 + (rows / 10_000);
            return Report(rows);
        });
    }

    public static void Page(WebApplication app)
    {
        app.MapBackpressureDashboard("/backpressure").RequireAuthorization("Operators");
    }

    public static void Health(WebApplicationBuilder builder)
    {
        builder.Services.AddBackpressureHealthSignal("orders-health", checkName: "orders-db");
    }

    private static int CountRows() => 25_000;

    private static string Report(int rows) => $"{rows} rows";

    private static string PlaceOrder(HttpContext context) => Decision(context);

    private static string Recommend(HttpContext context) => Decision(context);

    private static string Version(HttpContext context) => Decision(context);

    private static string Decision(HttpContext context)
    {
        IBackpressureFeature feature = context.Features.Get<IBackpressureFeature>()!;
        return $"{feature.Decision} {feature.Policy} {feature.Priority}";
    }
}
