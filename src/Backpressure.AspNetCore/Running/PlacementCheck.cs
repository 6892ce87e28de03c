using Backpressure.AspNetCore.Classification;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Running;

/// <summary>
/// Finds out that UseBackpressure stands before routing: then a request comes without an endpoint and leaves with one,
/// which nobody has asked what it wants. Said once.
/// </summary>
internal sealed class PlacementCheck(Classifier classifier, ILogger logger)
{
    private bool _said;

    /// <summary>To be asked after a request that came without an endpoint.</summary>
    public void After(HttpContext context)
    {
        if (!_said && context.GetEndpoint() is { } endpoint && classifier.ClassesOf(endpoint).Choice.SaysSomething)
        {
            _said = true;
            Log.Misplaced(logger, endpoint.DisplayName ?? "endpoint");
        }
    }
}
