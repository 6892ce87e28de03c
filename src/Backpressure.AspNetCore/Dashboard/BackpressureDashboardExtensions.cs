using Backpressure;
using Backpressure.AspNetCore;
using Backpressure.AspNetCore.Dashboard;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the page that shows what is shed, why, since when, and what to do.</summary>
public static class BackpressureDashboardExtensions
{
    /// <summary>Maps the page, its live events and its history, for reading only.</summary>
    /// <remarks>
    /// Closed by default: outside Development it needs an authorization policy of its own
    /// (<c>app.MapBackpressureDashboard("/backpressure").RequireAuthorization("Operators")</c>; a fallback policy does not count), or
    /// it answers 404 and says so once in the log. It is exempt from backpressure, and asks nothing of the network but this host.
    /// Once a second, watched or not, the state is noted for the last ten minutes; it is written out only while somebody watches.
    /// </remarks>
    /// <param name="endpoints">Where to map it.</param>
    /// <param name="pattern">Its path. Default <c>/backpressure</c>.</param>
    /// <param name="configure">Changes <see cref="BackpressureDashboardOptions"/>; <see langword="null"/>: the defaults.</param>
    /// <returns>A builder for authorization and other conventions.</returns>
    /// <exception cref="InvalidOperationException"><c>AddBackpressure</c> has not been called.</exception>
    /// <exception cref="BackpressureOptionsException">The options are invalid; all errors are listed.</exception>
    public static IEndpointConventionBuilder MapBackpressureDashboard(
        this IEndpointRouteBuilder endpoints, string pattern = "/backpressure", Action<BackpressureDashboardOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrWhiteSpace(pattern);
        DashboardFeed feed = endpoints.ServiceProvider.GetService<DashboardFeed>() ?? throw new InvalidOperationException(
            "MapBackpressureDashboard() needs services that are not registered. Call builder.Services.AddBackpressure(builder.Configuration.GetSection(\"Backpressure\")) before the application is built.");
        var options = new BackpressureDashboardOptions();
        configure?.Invoke(options);
        string[] errors = [.. options.Validate()];
        if (errors.Length > 0)
        {
            throw new BackpressureOptionsException(errors);
        }

        bool development = endpoints.ServiceProvider.GetService<IWebHostEnvironment>()?.IsDevelopment() ?? false;
        var page = DashboardEndpoints.Create(endpoints.ServiceProvider, feed, options, pattern, development);
        RouteGroupBuilder group = endpoints.MapGroup(pattern);
        group.Map("", page.PageAsync);
        group.Map("/history", page.HistoryAsync);
        group.Map("/events", page.EventsAsync).DisableHttpMetrics();
        group.WithDisplayName("Backpressure dashboard").ExcludeFromDescription().DisableBackpressure();

        // What nobody may open is not measured either. What is said here last of all is only known when the endpoints are built.
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            if (development || endpoint.Metadata.Any(static metadata => metadata is IAuthorizeData))
            {
                feed.Start(options);
            }
        });
        return group;
    }
}
