namespace Backpressure.AspNetCore;

/// <summary>
/// What was decided of the current request, in <c>HttpContext.Features</c> from the decision until the response is
/// completed; not to be kept beyond it. Its presence also says that the request has passed its gate: a re-executed
/// pipeline and a second <c>UseBackpressure</c> let it through.
/// </summary>
public interface IBackpressureFeature
{
    /// <summary>What was decided.</summary>
    AdmissionDecision Decision { get; }

    /// <summary>Why it was rejected or would have been; otherwise <see cref="RejectionReason.None"/>.</summary>
    RejectionReason Reason { get; }

    /// <summary>The priority it was decided by.</summary>
    Priority Priority { get; }

    /// <summary>The policy that was in force for it.</summary>
    string Policy { get; }

    /// <summary>The downstream whose gate it came to.</summary>
    string Downstream { get; }

    /// <summary>How long it waited for the decision.</summary>
    TimeSpan Wait { get; }

    /// <summary>When the rejected are told to try again; zero: nothing to say.</summary>
    TimeSpan RetryAfter { get; }

    /// <summary>The downstream's limit when this is read.</summary>
    int Limit { get; }

    /// <summary>The downstream's requests in flight when this is read.</summary>
    int InFlight { get; }

    /// <summary>
    /// The name of the signal that keeps the downstream's limit below what it has learnt, when this is read;
    /// <see langword="null"/>: none does.
    /// </summary>
    string? LimitedBy { get; }

    /// <summary>
    /// Units of the downstream's limit that the request takes: its policy's, or what <see cref="BackpressureHttpOptions.Classify"/>
    /// said. A handler that learns what its request really takes sets it, 1 to 1000 (the nearest bound beyond): from then on it
    /// holds so many, and whose request it is pays for so many times its service time, if it had to wait. Ignored once the
    /// handler has ended or the slot was freed, and where there never was one.
    /// </summary>
    int Cost { get; set; }

    /// <summary>
    /// What became of the request, as a sign of its downstream's health. A handler that knows better sets it: a shop that
    /// answers from its cache because the database timed out sets <see cref="Outcome.Dropped"/>.
    /// Default <see langword="null"/>: by this table.
    /// </summary>
    /// <remarks>
    /// A response that frees its slot when it starts (event streams, gRPC, <see cref="HoldUntil.ResponseStart"/>) counts as a
    /// success for the limit there. Set anything else before the response starts, and it keeps its slot to its end and counts
    /// as that. When it ends, <see cref="Outcome.Dropped"/> still lowers the limit (a gRPC stream that ends with <c>UNAVAILABLE</c>
    /// in its trailers, say; its being cancelled does not); anything else is then only a tag of the service time.
    /// The first line that holds counts:
    /// <list type="table">
    /// <listheader><term>what happened</term><description>outcome</description></listheader>
    /// <item><term>The client went away, or status 499</term><description><see cref="Outcome.Ignored"/></description></item>
    /// <item><term><see cref="TimeoutException"/> (also as an inner exception) or <see cref="OperationCanceledException"/></term><description><see cref="Outcome.Dropped"/></description></item>
    /// <item><term>Another exception</term><description><see cref="Outcome.Ignored"/></description></item>
    /// <item><term>gRPC status 4 (deadline exceeded), 8 (resource exhausted) or 14 (unavailable)</term><description><see cref="Outcome.Dropped"/></description></item>
    /// <item><term>gRPC status 1 (cancelled), 2 (unknown), 13 (internal) or 15 (data loss)</term><description><see cref="Outcome.Ignored"/></description></item>
    /// <item><term>Status 503 or 504</term><description><see cref="Outcome.Dropped"/></description></item>
    /// <item><term>Another 5xx; 408 (the client was slow); 429 (the client's own rate)</term><description><see cref="Outcome.Ignored"/></description></item>
    /// <item><term>Any other status</term><description><see cref="Outcome.Success"/></description></item>
    /// </list>
    /// </remarks>
    Outcome? Outcome { get; set; }
}
