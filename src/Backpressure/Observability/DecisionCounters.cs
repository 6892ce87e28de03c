using System.Diagnostics.Metrics;

namespace Backpressure.Observability;

/// <summary>What was decided of the requests of one policy at one downstream: totals that only grow.</summary>
internal sealed class DecisionCounters
{
    private static readonly int Reasons = Enum.GetValues<RejectionReason>().Length;

    private readonly StripedCounter[] _admitted = NewStripes();
    private readonly StripedCounter[] _exempt = NewStripes();
    private readonly StripedCounter[] _bypassed = NewStripes();
    private readonly long[] _failedOpen = new long[Priorities.Count];
    private readonly long[] _rejected = new long[Priorities.Count * Reasons];
    private readonly long[] _wouldReject = new long[Priorities.Count * Reasons];

    public DecisionCounters(string policy, string downstream)
    {
        Policy = policy;
        Downstream = downstream;
    }

    public string Policy { get; }

    public string Downstream { get; }

    public void Admitted(Priority priority) => _admitted[(int)priority].Increment();

    public void Exempt(Priority priority) => _exempt[(int)priority].Increment();

    public void Bypassed(Priority priority) => _bypassed[(int)priority].Increment();

    public void FailedOpen(Priority priority) => Interlocked.Increment(ref _failedOpen[(int)priority]);

    public void Rejected(Priority priority, RejectionReason reason) =>
        Interlocked.Increment(ref _rejected[((int)priority * Reasons) + (int)reason]);

    public void WouldReject(Priority priority, RejectionReason reason) =>
        Interlocked.Increment(ref _wouldReject[((int)priority * Reasons) + (int)reason]);

    /// <summary>Everything that has happened at least once.</summary>
    public IEnumerable<Measurement<long>> Measure()
    {
        foreach (Priority priority in Enum.GetValues<Priority>())
        {
            int p = (int)priority;
            foreach ((AdmissionDecision decision, long total) in new[]
                     {
                         (AdmissionDecision.Admitted, _admitted[p].Total),
                         (AdmissionDecision.Exempt, _exempt[p].Total),
                         (AdmissionDecision.Bypassed, _bypassed[p].Total),
                         (AdmissionDecision.FailedOpen, Volatile.Read(ref _failedOpen[p])),
                     })
            {
                if (total > 0)
                {
                    yield return Measurement(total, priority, decision, RejectionReason.None);
                }
            }

            for (int reason = 0; reason < Reasons; reason++)
            {
                long rejected = Volatile.Read(ref _rejected[(p * Reasons) + reason]);
                if (rejected > 0)
                {
                    yield return Measurement(rejected, priority, AdmissionDecision.Rejected, (RejectionReason)reason);
                }

                long wouldReject = Volatile.Read(ref _wouldReject[(p * Reasons) + reason]);
                if (wouldReject > 0)
                {
                    yield return Measurement(wouldReject, priority, AdmissionDecision.WouldReject, (RejectionReason)reason);
                }
            }
        }
    }

    private static StripedCounter[] NewStripes()
    {
        var stripes = new StripedCounter[Priorities.Count];
        for (int i = 0; i < stripes.Length; i++)
        {
            stripes[i] = new StripedCounter();
        }

        return stripes;
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
