using Backpressure;
using Backpressure.AspNetCore;
using Backpressure.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Puts the gate into the pipeline.</summary>
public static class BackpressureApplicationBuilderExtensions
{
    /// <summary>
    /// Holds back what the downstream cannot do now: from here on a request runs, waits or is rejected.
    /// </summary>
    /// <remarks>
    /// Place it after <c>UseRouting</c> (in a <c>WebApplication</c> that does not call it, anywhere), since the policies
    /// of endpoints are not seen before; after <c>UseAuthentication</c> where rate limits go by user or claim, since
    /// everybody is an address before; and before whatever costs something. After <c>UseForwardedHeaders</c> where a proxy
    /// stands in front. A second call, and pipelines that are executed again (<c>UseExceptionHandler</c>,
    /// <c>UseStatusCodePagesWithReExecute</c>), do not hold a request back again.
    /// </remarks>
    /// <param name="app">The pipeline.</param>
    /// <returns>The same <paramref name="app"/>.</returns>
    /// <exception cref="InvalidOperationException"><c>AddBackpressure</c> has not been called.</exception>
    public static IApplicationBuilder UseBackpressure(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        if (app.ApplicationServices.GetService<SettingsSource>() is null)
        {
            throw new InvalidOperationException(
                "UseBackpressure() needs services that are not registered. Call builder.Services.AddBackpressure(builder.Configuration.GetSection(\"Backpressure\")) before the application is built.");
        }

        return app.Use(next => BackpressureMiddleware.Create(next, app.ApplicationServices).InvokeAsync);
    }
}
