using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore.Classification;

/// <summary>What an endpoint's own metadata says; read in order, so that the last wins.</summary>
/// <param name="Disabled">Exempt by its metadata.</param>
/// <param name="Policy">The policy it names; null: none.</param>
/// <param name="Priority">The priority it names; null: none.</param>
/// <param name="IsHealthCheck">
/// Answered by the framework's health-check middleware: exempt unless its metadata, or a configured route that names its path, says otherwise.
/// </param>
internal readonly record struct EndpointChoice(bool Disabled, string? Policy, Priority? Priority, bool IsHealthCheck)
{
    public static EndpointChoice Of(Endpoint endpoint)
    {
        bool disabled = false;
        bool required = false;
        string? policy = null;
        Priority? priority = null;
        EndpointMetadataCollection metadata = endpoint.Metadata;
        for (int i = 0; i < metadata.Count; i++)
        {
            switch (metadata[i])
            {
                case BackpressureAttribute backpressure:
                    (disabled, required, policy) = (false, true, backpressure.Policy);
                    break;
                case DisableBackpressureAttribute:
                    (disabled, required, policy) = (true, false, null);
                    break;
                case RequestPriorityAttribute requestPriority:
                    priority = requestPriority.Priority;
                    break;
                default:
                    break;
            }
        }

        return new EndpointChoice(disabled, policy, priority, !required && IsHealthCheckEndpoint(endpoint));
    }

    /// <summary>Whether the endpoint itself says anything that its path does not: requests must be decided with it in view.</summary>
    public bool SaysSomething => Disabled || Policy is not null || Priority is not null || IsHealthCheck;

    /// <summary>
    /// MapHealthChecks leaves no metadata to go by. Its delegate is bound to the middleware; where a filter has wrapped
    /// that, the display name that it sets is left.
    /// </summary>
    private static bool IsHealthCheckEndpoint(Endpoint endpoint)
        => endpoint.RequestDelegate?.Target is HealthCheckMiddleware
            || string.Equals(endpoint.DisplayName, "Health checks", StringComparison.Ordinal);
}
