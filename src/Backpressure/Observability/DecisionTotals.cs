namespace Backpressure.Observability;

/// <summary>What was decided at one downstream under all its policies, at one moment.</summary>
internal sealed class DecisionTotals
{
    /// <summary>Where nothing was decided yet.</summary>
    public static readonly DecisionTotals None = new();

    private readonly long[] _cells = new long[DecisionCounters.Cells];

    /// <summary>Adds the totals of one policy.</summary>
    public void Add(DecisionCounters counters) => counters.AddTo(_cells);

    /// <summary>How many came to a decision that has no reason.</summary>
    public long Of(AdmissionDecision decision, Priority priority) => decision switch
    {
        AdmissionDecision.Rejected or AdmissionDecision.WouldReject => SumOverReasons(decision, priority),
        _ => _cells[DecisionCounters.IndexOf(decision, priority, RejectionReason.None)],
    };

    /// <summary>How many were rejected, or would have been, for a reason.</summary>
    public long Of(AdmissionDecision decision, Priority priority, RejectionReason reason) =>
        _cells[DecisionCounters.IndexOf(decision, priority, reason)];

    /// <summary>The same for a reason, whatever the priority.</summary>
    public long Of(AdmissionDecision decision, RejectionReason reason)
    {
        long sum = 0;
        foreach (Priority priority in Priorities.All)
        {
            sum += Of(decision, priority, reason);
        }

        return sum;
    }

    private long SumOverReasons(AdmissionDecision decision, Priority priority)
    {
        long sum = 0;
        foreach (RejectionReason reason in DecisionCounters.AllReasons)
        {
            sum += Of(decision, priority, reason);
        }

        return sum;
    }
}
