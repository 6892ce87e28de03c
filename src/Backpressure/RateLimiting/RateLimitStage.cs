using System.Collections.Frozen;
using Backpressure.Configuration;

namespace Backpressure.RateLimiting;

/// <summary>
/// Keeps every key within its rate limit, before anything else is decided of a request. Never queues. Keys of
/// different limits never meet.
/// </summary>
/// <remarks>
/// On the framework's limiters (System.Threading.RateLimiting). A token bucket fills by the system's clock, which those
/// limiters know alone; all other time comes from the provider.
/// </remarks>
internal sealed class RateLimitStage : IDisposable
{
    /// <summary>How many keys of one limit have a partition of their own, at a few hundred bytes each.</summary>
    public const int DefaultPartitionsPerLimit = 100_000;

    /// <summary>How often idle partitions are evicted.</summary>
    public static readonly TimeSpan EvictionPeriod = TimeSpan.FromSeconds(10);

    private readonly Lock _reconfiguring = new();
    private readonly TimeProvider _time;
    private readonly int _partitionsPerLimit;
    private readonly IFleetStore? _fleet;
    private readonly ITimer _eviction;
    private volatile FrozenDictionary<string, RateLimitTable> _tables = FrozenDictionary<string, RateLimitTable>.Empty;
    private bool _disposed;

    public RateLimitStage(IEnumerable<RateLimitSettings> limits, TimeProvider time, int partitionsPerLimit = DefaultPartitionsPerLimit, IFleetStore? fleet = null)
    {
        _time = time;
        _fleet = fleet;
        _partitionsPerLimit = partitionsPerLimit;
        _eviction = time.CreateTimer(static stage => ((RateLimitStage)stage!).EvictIdle(), this, EvictionPeriod, EvictionPeriod);
        Reconfigure(limits);
    }

    /// <summary>How many keys have a partition of their own now, over all limits.</summary>
    public int PartitionCount => _tables.Values.Sum(static table => table.Count);

    /// <summary>Asks for one permit of a key.</summary>
    /// <param name="limit">The policy's limit; what counts is the limit in force under its name.</param>
    /// <param name="key">Whose request it is; null: that of all who have no key.</param>
    /// <param name="permit">To be disposed of when the request is done, waiting and running; empty but for Concurrency.</param>
    /// <param name="retryAfter">When to try again: whole seconds, at least one; zero when it was given.</param>
    /// <param name="status">What is left, for the headers; null when a reload has removed the limit.</param>
    /// <returns>Whether the request may go on.</returns>
    public bool TryAcquire(RateLimitSettings limit, string? key, out RateLimitPermit permit, out TimeSpan retryAfter, out RateLimitStatus? status)
    {
        var partitionKey = new PartitionKey(key);
        permit = default;
        retryAfter = TimeSpan.Zero;
        status = null;
        RateLimitAnswer answer;
        RateLimitTable? table;
        do
        {
            // A request may hold a policy from before a reload: a limit that is gone holds nobody back.
            if (!_tables.TryGetValue(limit.Name, out table))
            {
                return true;
            }
        }
        while (!table.TryAsk(partitionKey, out answer));

        status = new RateLimitStatus(table.Settings, answer.Remaining, answer.UntilMore);
        permit = new RateLimitPermit(answer.Held);
        if (!answer.IsAcquired)
        {
            retryAfter = RetryAfterOf(answer);
        }

        return answer.IsAcquired;
    }

    /// <summary>Asks for one permit that the whole fleet must have left.</summary>
    /// <param name="limit">The policy's limit; what counts is the limit in force under its name, also where that is this replica's own by now.</param>
    /// <param name="key">Whose request it is; null: that of all who have no key.</param>
    public async ValueTask<RateLimitVerdict> AcquireFromFleetAsync(RateLimitSettings limit, string? key)
    {
        if (_fleet is not null && _tables.TryGetValue(limit.Name, out RateLimitTable? table) && table.Settings.Scope == RateLimitScope.Fleet
            && await _fleet.AskAsync(table.Settings, key) is { } answer)
        {
            return new RateLimitVerdict(
                answer.IsAcquired,
                default,
                answer.IsAcquired ? TimeSpan.Zero : RetryAfterOf(answer),
                new RateLimitStatus(table.Settings, answer.Remaining, answer.UntilMore));
        }

        bool acquired = TryAcquire(limit, key, out RateLimitPermit permit, out TimeSpan retryAfter, out RateLimitStatus? status);
        return new RateLimitVerdict(acquired, permit, retryAfter, status);
    }

    /// <summary>
    /// Puts other limits in force. A limit whose settings are the same keeps what its keys have spent; one that
    /// changed starts afresh, and a permit that is still held counts to the limit that gave it.
    /// </summary>
    public void Reconfigure(IEnumerable<RateLimitSettings> limits)
    {
        lock (_reconfiguring)
        {
            if (_disposed)
            {
                return;
            }

            var old = _tables;
            _tables = limits.ToFrozenDictionary(
                static limit => limit.Name,
                limit => old.TryGetValue(limit.Name, out var table) && table.Settings == limit ? table : new RateLimitTable(limit, _time, _partitionsPerLimit),
                StringComparer.OrdinalIgnoreCase);
            RetireExcept(old, _tables);
        }
    }

    /// <summary>Ends all limits: who asks afterwards, as the host goes down, is held back no more.</summary>
    public void Dispose()
    {
        lock (_reconfiguring)
        {
            _disposed = true;
            var old = _tables;
            _tables = FrozenDictionary<string, RateLimitTable>.Empty;
            RetireExcept(old, _tables);
        }

        _eviction.Dispose();
    }

    private static TimeSpan RetryAfterOf(in RateLimitAnswer answer) =>
        TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(answer.UntilMore.TotalSeconds)));

    private void EvictIdle()
    {
        foreach (var table in _tables.Values)
        {
            table.EvictIdle();
        }
    }

    /// <summary>Only after the new tables are in place, so that who finds a retired partition finds its successor next.</summary>
    private static void RetireExcept(FrozenDictionary<string, RateLimitTable> old, FrozenDictionary<string, RateLimitTable> kept)
    {
        foreach (var (name, table) in old)
        {
            if (!kept.TryGetValue(name, out var successor) || !ReferenceEquals(successor, table))
            {
                table.Retire();
            }
        }
    }
}
