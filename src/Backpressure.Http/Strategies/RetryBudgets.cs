using System.Collections.Concurrent;
using Backpressure.Http.Destinations;
using Polly;

namespace Backpressure.Http.Strategies;

/// <summary>
/// The budgets of one pipeline, by destination. One that is full is as good as a new one and may be forgotten; beyond a thousand that
/// are not, all others share one.
/// </summary>
internal sealed class RetryBudgets(RetryBudgetStrategyOptions options)
{
    private const int Most = 1000;

    /// <summary>When there is no place, those that are full are looked for at one of so many calls.</summary>
    private const int LookEvery = 100;

    private const string Others = "";

    // By this key the framework's HTTP handlers put the request into the context: a name that they share with their own strategies.
    private static readonly ResiliencePropertyKey<HttpRequestMessage?> RequestMessage = new("Resilience.Http.RequestMessage");

    private readonly ConcurrentDictionary<string, RetryBudget> _byDestination = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Origin, RetryBudget> _byOrigin = new();
    private int _withoutPlace;

    public RetryBudget Of(ResilienceContext context)
    {
        if (options.DestinationOf is null
            && context.Properties.TryGetValue(RequestMessage, out HttpRequestMessage? request)
            && request?.RequestUri is { IsAbsoluteUri: true } uri)
        {
            Origin origin = Origin.Of(uri);
            return _byOrigin.TryGetValue(origin, out RetryBudget? known) ? known
                : HasPlace(_byOrigin) ? _byOrigin.GetOrAdd(origin, _ => Make())
                : OfName(Others);
        }

        return OfName(options.DestinationOf?.Invoke(context) ?? Others);
    }

    private RetryBudget OfName(string name) =>
        _byDestination.TryGetValue(name, out RetryBudget? known) ? known
        : _byDestination.GetOrAdd(HasPlace(_byDestination) ? name : Others, _ => Make());

    private bool HasPlace<TKey>(ConcurrentDictionary<TKey, RetryBudget> budgets)
        where TKey : notnull
    {
        if (budgets.Count < Most)
        {
            return true;
        }

        if (Interlocked.Increment(ref _withoutPlace) % LookEvery == 1)
        {
            foreach ((TKey key, RetryBudget budget) in budgets)
            {
                if (budget.IsFull)
                {
                    budgets.TryRemove(key, out _);
                }
            }
        }

        return budgets.Count < Most;
    }

    private RetryBudget Make() => new(options.Ratio, options.Burst);
}
