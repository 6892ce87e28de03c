namespace FlashSale.Load;

/// <summary>How one request ended for its client.</summary>
internal enum Ending : byte
{
    /// <summary>With an answer, of whatever status.</summary>
    Answered,

    /// <summary>The client's patience ended first.</summary>
    TimedOut,

    /// <summary>The connection failed.</summary>
    Failed,

    /// <summary>Not even tried: the shop was known to be dead.</summary>
    NobodyThere,
}

/// <summary>What the load process knows about one request.</summary>
/// <param name="Phase">0 during warm-up, else which measurement it belongs to.</param>
/// <param name="Id">The order's or event's id; empty for reads.</param>
/// <param name="ScheduledMs">When it was to be sent, from the start of the load; negative: before it.</param>
/// <param name="SendLagMs">How much later than that it was sent.</param>
/// <param name="LatencyMs">From when it was *to be* sent to its end: a late generator hides nothing.</param>
/// <param name="RetryAfterSeconds">What a refusal advised; 0 when it advised nothing.</param>
internal readonly record struct RequestRecord(
    byte Phase,
    ShopRoute Route,
    Guid Id,
    double ScheduledMs,
    double SendLagMs,
    double LatencyMs,
    Ending Ending,
    short Status,
    short RetryAfterSeconds)
{
    public bool IsSuccess => Ending == Ending.Answered && Status is >= 200 and <= 299 && LatencyMs <= Scenario.Routes[(int)Route].ClientTimeoutMs;
}
