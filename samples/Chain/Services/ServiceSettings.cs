namespace Chain.Services;

/// <summary>Which service a process is.</summary>
internal enum ServiceName
{
    /// <summary>Takes the clients' requests, knows their priorities, and calls Checkout.</summary>
    Edge,

    /// <summary>Calls Payments.</summary>
    Checkout,

    /// <summary>Does the work; it is the one that gets slow.</summary>
    Payments,
}

/// <summary>What the parent process tells a service.</summary>
/// <param name="Name">Which one it is.</param>
/// <param name="Protected">With backpressure or without.</param>
/// <param name="Next">Whom it calls.</param>
internal sealed record ServiceSettings(ServiceName Name, bool Protected, Uri? Next = null);
