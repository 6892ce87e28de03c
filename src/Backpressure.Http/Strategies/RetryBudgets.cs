using System.Collections.Concurrent;
using Backpressure.Http.Destinations;
using Polly;

namespace Backpressure.Http.Strategies;

/// <summary>The budgets of one pipeline, by destination; beyond a thousand all share one.</summary>
internal sealed class RetryBudgets(RetryBudgetStrategyOptions options)
{
    private const int Most = 1000;

    private const string Others = "";

    // By this key the framework's HTTP handlers put the request into the context: a name that they share with their own strategies.
    private static readonly ResiliencePropertyKey<HttpRequestMessage?> RequestMessage = new("Resilience.Http.RequestMessage");

    private readonly ConcurrentDictionary<string, RetryBudget> _byDestination = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Origin, RetryBudget> _byOrigin = new();

    public RetryBudget Of(ResilienceContext context)
    {
        if (options.DestinationOf is null
            && context.Properties.TryGetValue(RequestMessage, out HttpRequestMessage? request)
            && request?.RequestUri is { IsAbsoluteUri: true } uri)
        {
            Origin origin = Origin.Of(uri);
            return _byOrigin.TryGetValue(origin, out RetryBudget? known) ? known
                : _byOrigin.Count < Most ? _byOrigin.GetOrAdd(origin, _ => Make())
                : OfName(Others);
        }

        return OfName(options.DestinationOf?.Invoke(context) ?? Others);
    }

    private RetryBudget OfName(string name) =>
        _byDestination.TryGetValue(name, out RetryBudget? known) ? known
        : _byDestination.GetOrAdd(_byDestination.Count < Most ? name : Others, _ => Make());

    private RetryBudget Make() => new(options.Ratio, options.Burst);
}
