using Backpressure.Observability;

namespace Backpressure.Http.Destinations;

/// <summary>Why a call was not sent, where the engine's gate was not asked.</summary>
internal enum RefusalReason
{
    None,

    /// <summary>The destination has said when to come back, and it is not yet then.</summary>
    RetryAfter,

    /// <summary>The destination refuses more than half of what it is sent.</summary>
    Throttled,

    /// <summary>It has granted no more calls for now, and none came free in time.</summary>
    NoCredit,
}

/// <summary>Tag values of refusals.</summary>
internal static class RefusalReasons
{
    public static string Tag(this RefusalReason reason) => reason switch
    {
        RefusalReason.None => RejectionReason.None.Tag(),
        RefusalReason.RetryAfter => "retry_after",
        RefusalReason.Throttled => "throttled",
        RefusalReason.NoCredit => "no_credit",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a reason."),
    };
}
