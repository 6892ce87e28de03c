using Backpressure.AspNetCore.Classification;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Hosting;

/// <summary>
/// Checks, when the pipeline is built, that the policies which endpoints name are there: their data sources are complete
/// by then, and the server does not listen yet. Endpoints that are added later are left to the engine, which takes the
/// default policy and says so once.
/// </summary>
internal static class EndpointPolicies
{
    /// <exception cref="BackpressureOptionsException">An endpoint names a policy that does not exist.</exception>
    public static void Check(LoadShedder shedder, IServiceProvider services, ILogger logger)
    {
        services.GetRequiredService<SettingsSource>().Require(Find(services, logger), shedder.Settings);
    }

    private static List<RequiredPolicy> Find(IServiceProvider services, ILogger logger)
    {
        var required = new List<RequiredPolicy>();
        try
        {
            foreach (Endpoint endpoint in services.GetService<EndpointDataSource>()?.Endpoints ?? [])
            {
                if (EndpointChoice.Of(endpoint).Policy is { } policy)
                {
                    required.Add(new RequiredPolicy(policy, endpoint.DisplayName ?? "endpoint"));
                }
            }
        }
#pragma warning disable CA1031 // A faulty endpoint is routing's to report, at the first request, as without us.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.EndpointsNotListed(logger, e);
        }

        return required;
    }
}
