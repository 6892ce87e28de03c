namespace Backpressure.Observability;

/// <summary>Names and values of tags. Every value comes from an enumeration or from the configuration: few and bounded.</summary>
internal static class Tags
{
    public const string Downstream = "backpressure.downstream";
    public const string Priority = "backpressure.priority";
    public const string Policy = "backpressure.policy";
    public const string Decision = "backpressure.decision";
    public const string Reason = "backpressure.reason";
    public const string Outcome = "backpressure.outcome";
    public const string Result = "backpressure.result";
    public const string Mode = "backpressure.mode";
    public const string Signal = "backpressure.signal";
    public const string Kind = "backpressure.kind";

    public static string Tag(this AdmissionDecision decision) => decision switch
    {
        AdmissionDecision.Admitted => "admitted",
        AdmissionDecision.Rejected => "rejected",
        AdmissionDecision.WouldReject => "would_reject",
        AdmissionDecision.Exempt => "exempt",
        AdmissionDecision.Bypassed => "bypassed",
        AdmissionDecision.FailedOpen => "failed_open",
        _ => throw new ArgumentOutOfRangeException(nameof(decision), decision, "Not a decision."),
    };

    public static string Tag(this RejectionReason reason) => reason switch
    {
        RejectionReason.None => "none",
        RejectionReason.RateLimited => "rate_limited",
        RejectionReason.HostCeilingReached => "host_ceiling_reached",
        RejectionReason.LimitReached => "limit_reached",
        RejectionReason.QueueFull => "queue_full",
        RejectionReason.BlockCapacityReached => "block_capacity_reached",
        RejectionReason.WaitTooLong => "wait_too_long",
        RejectionReason.DeadlineExceeded => "deadline_exceeded",
        RejectionReason.MaxWaitElapsed => "max_wait_elapsed",
        RejectionReason.Evicted => "evicted",
        RejectionReason.ClientAborted => "client_aborted",
        RejectionReason.ShuttingDown => "shutting_down",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a reason."),
    };

    public static string Tag(this Outcome outcome) => outcome switch
    {
        Backpressure.Outcome.Success => "success",
        Backpressure.Outcome.Dropped => "dropped",
        Backpressure.Outcome.Ignored => "ignored",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "Not an outcome."),
    };

    public static string Tag(this BackpressureMode mode) => mode switch
    {
        BackpressureMode.Enforce => "enforce",
        BackpressureMode.Observe => "observe",
        BackpressureMode.Off => "off",
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "Not a mode."),
    };
}
