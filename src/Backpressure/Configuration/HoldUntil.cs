namespace Backpressure;

/// <summary>When an admitted request's slot is freed.</summary>
public enum HoldUntil
{
    /// <summary>When the handler has ended. The default.</summary>
    HandlerEnd = 0,

    /// <summary>
    /// When the response starts: for what lives long (event streams, long polling). What lives on is counted and
    /// capped apart by <see cref="DownstreamOptions.MaxLongLived"/>.
    /// </summary>
    ResponseStart = 1,
}
