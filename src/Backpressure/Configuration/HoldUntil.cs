namespace Backpressure;

/// <summary>When an admitted request's slot is freed.</summary>
public enum HoldUntil
{
    /// <summary>When the handler has ended. The default.</summary>
    HandlerEnd = 0,

    /// <summary>
    /// When the response starts: for what lives long, such as event streams; long polling too, if the handler starts its
    /// response before it waits (<c>await context.Response.StartAsync()</c>), for otherwise its response starts at its end.
    /// What lives on is counted and capped apart by <see cref="DownstreamOptions.MaxLongLived"/>.
    /// </summary>
    ResponseStart = 1,
}
