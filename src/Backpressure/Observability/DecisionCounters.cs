using System.Diagnostics.Metrics;

namespace Backpressure.Observability;

/// <summary>What was decided of the requests of one policy at one downstream: totals that only grow.</summary>
internal sealed class DecisionCounters
{
    /// <summary>Every reason.</summary>
    public static readonly RejectionReason[] AllReasons = Enum.GetValues<RejectionReason>();

    private static readonly int Reasons = AllReasons.Length;

    // Where each kind begins among the totals.
    private const int AdmittedAt = 0;
    private const int ExemptAt = Priorities.Count;
    private const int BypassedAt = 2 * Priorities.Count;
    private const int FailedOpenAt = 3 * Priorities.Count;
    private const int RejectedAt = 4 * Priorities.Count;

    private static readonly int WouldRejectAt = RejectedAt + (Priorities.Count * Reasons);

    private readonly ThreadCounters _totals = new(Cells);

    /// <summary>How many totals there are.</summary>
    public static int Cells => WouldRejectAt + (Priorities.Count * Reasons);

    public DecisionCounters(string policy, string downstream)
    {
        Policy = policy;
        Downstream = downstream;
    }

    public string Policy { get; }

    public string Downstream { get; }

    /// <summary>Counts an admission.</summary>
    /// <returns>Its number among those that the calling thread has admitted of this priority.</returns>
    public long Admitted(Priority priority) => _totals.Increment(AdmittedAt + (int)priority);

    public void Exempt(Priority priority) => _totals.Increment(ExemptAt + (int)priority);

    public void Bypassed(Priority priority) => _totals.Increment(BypassedAt + (int)priority);

    public void FailedOpen(Priority priority) => _totals.Increment(FailedOpenAt + (int)priority);

    public void Rejected(Priority priority, RejectionReason reason) =>
        _totals.Increment(RejectedAt + ((int)priority * Reasons) + (int)reason);

    public void WouldReject(Priority priority, RejectionReason reason) =>
        _totals.Increment(WouldRejectAt + ((int)priority * Reasons) + (int)reason);

    /// <summary>Where a total is among all; the reason counts only for what is or would be rejected.</summary>
    public static int IndexOf(AdmissionDecision decision, Priority priority, RejectionReason reason) => decision switch
    {
        AdmissionDecision.Admitted => AdmittedAt + (int)priority,
        AdmissionDecision.Exempt => ExemptAt + (int)priority,
        AdmissionDecision.Bypassed => BypassedAt + (int)priority,
        AdmissionDecision.FailedOpen => FailedOpenAt + (int)priority,
        AdmissionDecision.Rejected => RejectedAt + ((int)priority * Reasons) + (int)reason,
        AdmissionDecision.WouldReject => WouldRejectAt + ((int)priority * Reasons) + (int)reason,
        _ => throw new ArgumentOutOfRangeException(nameof(decision), decision, "Not a decision."),
    };

    /// <summary>Adds each total to a place of its own.</summary>
    public void AddTo(Span<long> cells) => _totals.AddTo(cells);

    /// <summary>Everything that has happened at least once.</summary>
    public IEnumerable<Measurement<long>> Measure()
    {
        foreach (Priority priority in Enum.GetValues<Priority>())
        {
            int p = (int)priority;
            foreach ((AdmissionDecision decision, long total) in new[]
                     {
                         (AdmissionDecision.Admitted, _totals.Total(AdmittedAt + p)),
                         (AdmissionDecision.Exempt, _totals.Total(ExemptAt + p)),
                         (AdmissionDecision.Bypassed, _totals.Total(BypassedAt + p)),
                         (AdmissionDecision.FailedOpen, _totals.Total(FailedOpenAt + p)),
                     })
            {
                if (total > 0)
                {
                    yield return Measurement(total, priority, decision, RejectionReason.None);
                }
            }

            for (int reason = 0; reason < Reasons; reason++)
            {
                long rejected = _totals.Total(RejectedAt + (p * Reasons) + reason);
                if (rejected > 0)
                {
                    yield return Measurement(rejected, priority, AdmissionDecision.Rejected, (RejectionReason)reason);
                }

                long wouldReject = _totals.Total(WouldRejectAt + (p * Reasons) + reason);
                if (wouldReject > 0)
                {
                    yield return Measurement(wouldReject, priority, AdmissionDecision.WouldReject, (RejectionReason)reason);
                }
            }
        }
    }

    private Measurement<long> Measurement(long total, Priority priority, AdmissionDecision decision, RejectionReason reason) =>
        new(
            total,
            new KeyValuePair<string, object?>(Tags.Downstream, Downstream),
            new KeyValuePair<string, object?>(Tags.Policy, Policy),
            new KeyValuePair<string, object?>(Tags.Priority, priority.Tag()),
            new KeyValuePair<string, object?>(Tags.Decision, decision.Tag()),
            new KeyValuePair<string, object?>(Tags.Reason, reason.Tag()));
}
