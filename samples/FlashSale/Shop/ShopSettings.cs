namespace FlashSale.Shop;

/// <summary>What stands between the shop's clients and its connection pool.</summary>
internal enum Protection
{
    /// <summary>Nothing: how the shop's capacity is measured.</summary>
    None,

    /// <summary>Act 1: POSTs are answered at once and put into an unbounded queue in memory.</summary>
    UnboundedQueue,

    /// <summary>Act 2: the framework's <c>UseRateLimiter</c> with a concurrency limit.</summary>
    ConcurrencyLimiter,

    /// <summary>Act 3: <c>UseBackpressure</c> with every policy's overflow set to <c>Reject</c>.</summary>
    BackpressureReject,

    /// <summary>Act 4: <c>UseBackpressure</c> as <c>appsettings.json</c> has it.</summary>
    Backpressure,
}

/// <summary>What the parent process tells a shop process.</summary>
/// <param name="Folder">Where its database files are.</param>
/// <param name="Protection">What protects it.</param>
/// <param name="PermitLimit">Act 2: requests in flight.</param>
/// <param name="QueueLimit">Act 2: requests waiting.</param>
/// <param name="Served">What is different where somebody looks; <see langword="null"/>: an act.</param>
internal sealed record ShopSettings(string Folder, Protection Protection, int PermitLimit = 0, int QueueLimit = 0, ServedSettings? Served = null);

/// <summary>A shop that is served: Backpressure's page is open, and it needs others as a real one does.</summary>
/// <param name="Port">Where it listens; 0: at a free port.</param>
/// <param name="Payments">The payment provider's address.</param>
internal sealed record ServedSettings(int Port, Uri Payments);
