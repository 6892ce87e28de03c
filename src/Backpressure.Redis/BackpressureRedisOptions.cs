namespace Backpressure.Redis;

/// <summary>The store of the rate limits whose scope is <see cref="RateLimitScope.Fleet"/>. Read once, at start.</summary>
public sealed class BackpressureRedisOptions
{
    /// <summary>
    /// Where Redis is, in the form of StackExchange.Redis: <c>redis:6379,password=…,ssl=true</c>. Required. A start waits for the first
    /// connection for at most 1 s and does not fail without one: it is made, and made anew, in the background, whatever
    /// <c>abortConnect</c> says here.
    /// </summary>
    public string? Configuration { get; set; }

    /// <summary>
    /// What all keys begin with, so that several fleets can use one Redis: 1 to 64 letters, digits, <c>.</c>, <c>_</c>, <c>-</c> and
    /// <c>:</c>. Default <c>backpressure</c>.
    /// </summary>
    public string KeyPrefix { get; set; } = "backpressure";

    /// <summary>
    /// How long a request waits for the store's answer before <see cref="WhenDisconnected"/> decides in its place. 1 ms to 5 s; default
    /// 100 ms.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>What decides while the store cannot. Default <see cref="WhenDisconnected.ReplicaLimit"/>.</summary>
    public WhenDisconnected WhenDisconnected { get; set; }
}
