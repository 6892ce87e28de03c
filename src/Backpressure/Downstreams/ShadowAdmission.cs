using Backpressure.Admission;
using Backpressure.Observability;

namespace Backpressure.Downstreams;

/// <summary>
/// An observed request that would be waiting now: it runs all the same, and is counted when the shadow gate has
/// decided, or as admitted when it ended before that.
/// </summary>
internal sealed class ShadowAdmission : Waiter
{
    private DecisionCounters? _counters;
    private int _early;

    public ShadowAdmission(Downstream shadow) => Shadow = shadow;

    /// <summary>The shadow that it waits at.</summary>
    public Downstream Shadow { get; }

    /// <summary>Says where to count; the decision may already have fallen.</summary>
    public void CountOn(DecisionCounters counters)
    {
        Volatile.Write(ref _counters, counters);
        if (Interlocked.Exchange(ref _early, 1) == 1)
        {
            Count();
        }
    }

    public override void OnDecided()
    {
        if (Interlocked.Exchange(ref _early, 1) == 1)
        {
            Count();
        }
    }

    private void Count()
    {
        // It runs all along: neither its own end nor that of the shadow, which a reload may take away as it comes, would
        // have refused it.
        bool refused = State == WaiterState.Refused
            && Refusal.Reason is not (RejectionReason.ClientAborted or RejectionReason.ShuttingDown);
        if (refused)
        {
            _counters!.WouldReject(Priority, Refusal.Reason);
        }
        else
        {
            _counters!.Admitted(Priority);
        }
    }
}
