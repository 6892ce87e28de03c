using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.RateLimiting;

namespace Backpressure;

/// <summary>
/// The answer to an <see cref="AdmissionRequest"/>. When <see cref="IsAdmitted"/>, it holds a slot and must be completed
/// exactly once, when the work has really ended. A mutable value: keep it in one place and do not copy it.
/// </summary>
[SuppressMessage("Performance", "CA1815:Override equals and operator equals on value types", Justification = "A lease is a claim on a slot; two of them are never compared.")]
public partial struct AdmissionLease
{
    // Four fields, since more the compiler does not keep in registers, and every admission is copied three times.
    // Null until something was decided.
    private ResolvedClass? _class;

    // What else it has to give back, or why it was refused: see Others.
    private object? _other;
    private LeaseBits _bits;

    // Each in its place, see below.
    private Vector256<long> _times;

    internal AdmissionLease(ResolvedClass resolved, Priority priority, int cost)
    {
        _class = resolved;
        _bits = new LeaseBits(priority, cost, LeaseHolds.Nothing, weight: 1);
    }

    /// <summary>The lease of one that has waited, still to be settled.</summary>
    internal AdmissionLease(PendingAdmission pending)
    {
        ParkedLease parked = pending.Lease;
        _class = parked.Class;
        _other = parked.Other;
        _bits = new LeaseBits(pending.Priority, pending.Cost, parked.Holds, weight: 1);
        _times = TimesOf(pending);
    }

    /// <summary>The lease of one that has waited and is admitted, and holds nothing but its slot.</summary>
    internal AdmissionLease(PendingAdmission pending, int weight)
    {
        Debug.Assert(pending.Lease is { Other: null, Holds: LeaseHolds.Nothing }, "Of a plain class there is no more to hold.");
        _class = pending.Lease.Class;
        _bits = new LeaseBits(pending.Priority, pending.Cost, LeaseHolds.Slot, weight);
        _times = TimesOf(pending);
    }

    /// <summary>Whether the request may run.</summary>
    public readonly bool IsAdmitted => Decision != AdmissionDecision.Rejected;

    /// <summary>What was decided.</summary>
    public readonly AdmissionDecision Decision => _bits.Decision;

    /// <summary>Why it was rejected, or (observed) would have been; otherwise <see cref="RejectionReason.None"/>.</summary>
    public readonly RejectionReason Reason => _bits.Reason;

    /// <summary>The priority it was decided by.</summary>
    public readonly Priority Priority => _bits.Priority;

    /// <summary>
    /// When to try again, in whole seconds: 1 to 30 for overload, as the limit says for a rate limit; zero when there
    /// is nothing to say.
    /// </summary>
    public readonly TimeSpan RetryAfter => TimeSpan.FromSeconds(_bits.RetryAfterSeconds);

    /// <summary>How long it waited for the decision.</summary>
    public readonly TimeSpan Wait => _class is null ? TimeSpan.Zero : _class.Owner.ToTimeSpan(_times[2]);

    /// <summary>Units of the limit that it takes; zero before it was decided.</summary>
    public readonly int Cost => _bits.Cost;

    /// <summary>The policy in force; never null on a decided lease.</summary>
    internal readonly PolicySettings Policy => _class!.Policy;

    /// <summary>The rate limit that refused it, with what is left of it; null unless a rate limit did.</summary>
    internal readonly RateLimitStatus? RateLimit => _other as RateLimitStatus;

    internal readonly ResolvedClass Class => _class!;

    internal readonly long StartedAt => _times[0];

    /// <summary>Whether it is measured for others that are not.</summary>
    internal readonly bool IsOneOfMany => _bits.Weight > 1;

    internal readonly bool HoldsSlot => (_bits.Holds & LeaseHolds.Slot) != 0;

    /// <summary>Whether its slot was given back when its response began.</summary>
    internal readonly bool LivesLong => (_bits.Holds & LeaseHolds.LongLived) != 0;

    private readonly long RespondedAt => _times[1];

    // The queues that pay for it and what they were charged with, if it has waited; see ServiceCharge.
    private readonly PartitionHand Hand => new((uint)_times[3]);

    private readonly float Charged => BitConverter.UInt32BitsToSingle((uint)(_times[3] >> 32));

    // The shadow whose units it holds, or its wait there: see LeaveShadow.
    private object? Shadow
    {
        readonly get => _other switch { Others others => others.Shadow, Downstream or ShadowAdmission => _other, _ => null };
        set => _other = _other switch
        {
            Others others => value is null ? others.RateLimit : others with { Shadow = value },
            RateLimitPermit => value is null ? _other : new Others(value, _other),
            _ => value,
        };
    }

    /// <summary>
    /// Says that the response has started: service time is measured up to here, so that a slow reader does not look
    /// like a slow downstream. Only the first call counts; without one, service time ends with <see cref="Complete"/>.
    /// </summary>
    public void ResponseStarted()
    {
        if (RespondedAt == 0 && _class is not null && (_bits.Holds & LeaseHolds.Untimed) == 0)
        {
            _times = _times.WithElement(1, _class.Owner.Now);
        }
    }

    /// <summary>
    /// Frees the slot although the work lives on (see <see cref="HoldUntil.ResponseStart"/>), and counts it as
    /// long-lived until <see cref="Complete"/>, where only <see cref="Outcome.Dropped"/> says something new. Keeps the slot when <see cref="DownstreamOptions.MaxLongLived"/> is
    /// reached.
    /// </summary>
    /// <param name="latencyIsSample">
    /// <see langword="false"/> when the time until now says nothing of the downstream (a large body was uploaded).
    /// </param>
    /// <returns>Whether the slot was freed; <see langword="false"/> too when it held none.</returns>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "As in CompleteAll.")]
    public bool BecomeLongLived(bool latencyIsSample = true)
    {
        if (((_bits.Holds & LeaseHolds.Slot) == 0 && Shadow is null) || !_class!.Downstream.TryEnterLongLived())
        {
            return false;
        }

        // Before anything can go wrong: what it took is given back by Complete, whatever becomes of the rest.
        _bits.Holds |= LeaseHolds.LongLived;
        try
        {
            ResponseStarted();
            long now = (_bits.Holds & LeaseHolds.Untimed) == 0 ? RespondedAt : _class.Owner.Now;
            LeaveGates(Outcome.Success, latencyIsSample ? LatencyUntil(now) : NoSample, now);
        }
        catch (Exception fault)
        {
            _class.Owner.NoteFault(fault);
            LeaveGates(Outcome.Ignored, NoSample, StartedAt);
        }

        return true;
    }

    /// <summary>The work has ended. A second call on the same variable does nothing, as does one on a rejected lease.</summary>
    /// <param name="outcome">What became of it, as a sign of the downstream's health.</param>
    /// <param name="latencyIsSample">
    /// <see langword="false"/> when its duration says nothing of the downstream (a large body was uploaded).
    /// </param>
    public void Complete(Outcome outcome, bool latencyIsSample = true)
    {
        if (_bits.Holds == (LeaseHolds.Slot | LeaseHolds.Untimed) && outcome == Outcome.Success)
        {
            CompletePlain(_class!);
        }
        else if (_bits.Holds == LeaseHolds.Slot && _class!.IsPlain && Shadow is null)
        {
            CompleteMeasured(outcome, latencyIsSample);
        }
        else if (_class is not null && (_bits.Holds & LeaseHolds.Completed) == 0)
        {
            CompleteAll(outcome, latencyIsSample);
        }
    }

    private static Vector256<long> TimesOf(PendingAdmission pending)
    {
        long bill = ((long)BitConverter.SingleToUInt32Bits(pending.Charge) << 32) | pending.Hand.Packed;
        return Vector256.Create(pending.DecidedAt, 0, pending.DecidedAt - pending.EnqueuedAt, bill);
    }

    /// <summary>Admits on an empty lease.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AdmitPlain(ResolvedClass resolved)
    {
        Debug.Assert(AdmissionDecision.Admitted == 0, "What is empty says so.");
        _class = resolved;
        _bits = new LeaseBits(resolved.Priority, resolved.Policy.Cost, LeaseHolds.Slot | LeaseHolds.Untimed, weight: 0);
    }

    /// <summary>The same of one of which somebody wants to know how long it takes.</summary>
    /// <param name="resolved">Its class.</param>
    /// <param name="now">The time.</param>
    /// <param name="weight">How many requests it stands for; 0: it is only for those who listen to service times.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AdmitPlain(ResolvedClass resolved, long now, int weight)
    {
        _class = resolved;
        _bits = new LeaseBits(resolved.Priority, resolved.Policy.Cost, LeaseHolds.Slot, weight);
        _times = Vector256.CreateScalar(now);
    }

    /// <summary>Rejects on an empty lease.</summary>
    internal void RejectPlain(ResolvedClass resolved, RejectionReason reason, int retryAfterSeconds)
    {
        _class = resolved;
        _bits = new LeaseBits(resolved.Priority, resolved.Policy.Cost, LeaseHolds.Completed, weight: 0)
        {
            Decision = AdmissionDecision.Rejected,
            Reason = reason,
            RetryAfterSeconds = retryAfterSeconds,
        };
    }

    internal void StartAt(long now) => _times = Vector256.CreateScalar(now);

    /// <summary>The same of one that has waited, with what is known of that kept.</summary>
    internal void RestartAt(long now) => _times = _times.WithElement(0, now);

    /// <summary>Says how many requests it stands for.</summary>
    internal void Weigh(int weight) => _bits.Weight = weight;

    /// <summary>Keeps a permit until the request is done.</summary>
    internal void HoldPermit(RateLimitPermit permit) => _other = permit;

    internal void HoldCeiling() => _bits.Holds |= LeaseHolds.Ceiling;

    internal void Admit(bool slot)
    {
        _bits.Decision = AdmissionDecision.Admitted;
        if (slot)
        {
            _bits.Holds |= LeaseHolds.Slot;
        }
    }

    /// <summary>Mirrors the admission in the shadow gate, so that it knows of the load that is not observed.</summary>
    internal void Mirror(Downstream shadow)
    {
        shadow.Gate.Enter(_bits.Cost);
        Shadow = shadow;
        _bits.Holds |= LeaseHolds.ShadowSlot;
    }

    internal void AdmitInShadow(Downstream shadow)
    {
        Shadow = shadow;
        _bits.Holds |= LeaseHolds.ShadowSlot;
    }

    internal void WaitInShadow(ShadowAdmission wait) => Shadow = wait;

    internal void Exempted()
    {
        _bits.Decision = AdmissionDecision.Exempt;
        _bits.Holds |= LeaseHolds.Exempt;
    }

    internal void Bypass() => _bits.Decision = AdmissionDecision.Bypassed;

    internal void FailOpen()
    {
        _bits.Decision = AdmissionDecision.FailedOpen;
        _bits.Holds |= LeaseHolds.FailedOpen;
    }

    internal void WouldReject(RejectionReason reason)
    {
        _bits.Decision = AdmissionDecision.WouldReject;
        _bits.Reason = reason;
        _bits.Holds |= LeaseHolds.Observed;
    }

    /// <summary>What is to be kept while it waits: before that it can hold no more.</summary>
    internal readonly ParkedLease Park()
    {
        Debug.Assert(Shadow is null && Decision == AdmissionDecision.Admitted, "Nothing was decided of it.");
        return new ParkedLease(_class!, _other, _bits.Holds);
    }

    /// <summary>Rejects, and gives back at once whatever was taken on the way.</summary>
    internal void Reject(RejectionReason reason, int retryAfterSeconds, RateLimitStatus? rateLimit = null)
    {
        Debug.Assert((_bits.Holds & (LeaseHolds.Slot | LeaseHolds.ShadowSlot)) == 0, "A rejected request never held a slot.");
        GiveBackTheRest();
        _bits.Decision = AdmissionDecision.Rejected;
        _bits.Reason = reason;
        _bits.RetryAfterSeconds = retryAfterSeconds;
        _other = rateLimit;
        _bits.Holds = LeaseHolds.Completed;
    }
}
