using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
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
    // Kept small: every admission copies it. Null until something was decided.
    private ResolvedClass? _class;

    // The shadow whose units it holds, or its wait there: see LeaveShadow.
    private object? _shadow;

    // The permit that it gives back, or the limit that refused it.
    private object? _rateLimit;
    private long _startedAt;
    private long _respondedAt;
    private long _wait;

    // The queues that pay for it and what they were charged with, if it has waited; see ServiceCharge.
    private uint _hand;
    private float _charged;
    private short _cost;
    private short _retryAfterSeconds;
    private byte _decision;
    private byte _reason;
    private byte _priority;

    // How many requests it stands for in what the limit learns from; 0: it is not measured for it.
    private byte _weight;
    private Holds _holds;

    internal AdmissionLease(ResolvedClass resolved, Priority priority, int cost)
    {
        _class = resolved;
        _cost = (short)cost;
        _priority = (byte)priority;
        _weight = 1;
    }

    /// <summary>The lease of one that has waited, still to be settled.</summary>
    internal AdmissionLease(PendingAdmission pending)
    {
        ParkedLease parked = pending.Lease;
        _class = parked.Class;
        _rateLimit = parked.RateLimit;
        _holds = (Holds)parked.Holds;
        _cost = (short)pending.Cost;
        _priority = (byte)pending.Priority;
        _weight = 1;
        _startedAt = pending.DecidedAt;
        _wait = pending.DecidedAt - pending.EnqueuedAt;
        _hand = pending.Hand.Packed;
        _charged = pending.Charge;
    }

    [Flags]
    private enum Holds : ushort
    {
        Nothing = 0,
        Slot = 1,
        ShadowSlot = 2,
        Ceiling = 4,
        LongLived = 8,
        Exempt = 16,
        FailedOpen = 32,
        Observed = 64,
        Completed = 128,

        /// <summary>Nobody wants to know how long it takes, so it has no times.</summary>
        Untimed = 256,
    }

    /// <summary>Whether the request may run.</summary>
    public readonly bool IsAdmitted => Decision != AdmissionDecision.Rejected;

    /// <summary>What was decided.</summary>
    public readonly AdmissionDecision Decision => (AdmissionDecision)_decision;

    /// <summary>Why it was rejected, or (observed) would have been; otherwise <see cref="RejectionReason.None"/>.</summary>
    public readonly RejectionReason Reason => (RejectionReason)_reason;

    /// <summary>The priority it was decided by.</summary>
    public readonly Priority Priority => (Priority)_priority;

    /// <summary>
    /// When to try again, in whole seconds: 1 to 30 for overload, as the limit says for a rate limit; zero when there
    /// is nothing to say.
    /// </summary>
    public readonly TimeSpan RetryAfter => TimeSpan.FromSeconds(_retryAfterSeconds);

    /// <summary>How long it waited for the decision.</summary>
    public readonly TimeSpan Wait => _class is null ? TimeSpan.Zero : _class.Owner.ToTimeSpan(_wait);

    /// <summary>Units of the limit that it takes; zero before it was decided.</summary>
    public readonly int Cost => _cost;

    /// <summary>The policy in force; never null on a decided lease.</summary>
    internal readonly PolicySettings Policy => _class!.Policy;

    /// <summary>The rate limit that refused it, with what is left of it; null unless a rate limit did.</summary>
    internal readonly RateLimitStatus? RateLimit => _rateLimit as RateLimitStatus;

    internal readonly ResolvedClass Class => _class!;

    internal readonly long StartedAt => _startedAt;

    internal readonly bool HoldsSlot => (_holds & Holds.Slot) != 0;

    /// <summary>
    /// Says that the response has started: service time is measured up to here, so that a slow reader does not look
    /// like a slow downstream. Only the first call counts; without one, service time ends with <see cref="Complete"/>.
    /// </summary>
    public void ResponseStarted()
    {
        if (_respondedAt == 0 && _class is not null && (_holds & Holds.Untimed) == 0)
        {
            _respondedAt = _class.Owner.Now;
        }
    }

    /// <summary>
    /// Frees the slot although the work lives on (see <see cref="HoldUntil.ResponseStart"/>), and counts it as
    /// long-lived until <see cref="Complete"/>. Keeps the slot when <see cref="DownstreamOptions.MaxLongLived"/> is
    /// reached.
    /// </summary>
    /// <param name="latencyIsSample">
    /// <see langword="false"/> when the time until now says nothing of the downstream (a large body was uploaded).
    /// </param>
    /// <returns>Whether the slot was freed; <see langword="false"/> too when it held none.</returns>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "As in CompleteAll.")]
    public bool BecomeLongLived(bool latencyIsSample = true)
    {
        if (((_holds & Holds.Slot) == 0 && _shadow is null) || !_class!.Downstream.TryEnterLongLived())
        {
            return false;
        }

        // Before anything can go wrong: what it took is given back by Complete, whatever becomes of the rest.
        _holds |= Holds.LongLived;
        try
        {
            ResponseStarted();
            long now = (_holds & Holds.Untimed) == 0 ? _respondedAt : _class.Owner.Now;
            LeaveGates(Outcome.Success, latencyIsSample ? LatencyUntil(now) : NoSample, now);
        }
        catch (Exception fault)
        {
            _class.Owner.NoteFault(fault);
            LeaveGates(Outcome.Ignored, NoSample, _startedAt);
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
        if (_holds == (Holds.Slot | Holds.Untimed) && outcome == Outcome.Success)
        {
            CompletePlain(_class!);
        }
        else if (_holds == Holds.Slot && _class!.IsPlain && _shadow is null)
        {
            CompleteMeasured(outcome, latencyIsSample);
        }
        else if (_class is not null && (_holds & Holds.Completed) == 0)
        {
            CompleteAll(outcome, latencyIsSample);
        }
    }

    /// <summary>Admits on an empty lease.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AdmitPlain(ResolvedClass resolved)
    {
        Debug.Assert(AdmissionDecision.Admitted == 0, "What is empty says so.");
        _class = resolved;
        _cost = (short)resolved.Policy.Cost;
        _priority = (byte)resolved.Priority;
        _holds = Holds.Slot | Holds.Untimed;
    }

    /// <summary>Rejects on an empty lease.</summary>
    internal void RejectPlain(ResolvedClass resolved, RejectionReason reason, int retryAfterSeconds)
    {
        _class = resolved;
        _cost = (short)resolved.Policy.Cost;
        _priority = (byte)resolved.Priority;
        _decision = (byte)AdmissionDecision.Rejected;
        _reason = (byte)reason;
        _retryAfterSeconds = (short)retryAfterSeconds;
        _holds = Holds.Completed;
    }

    /// <summary>Wants to know how long it takes.</summary>
    /// <param name="now">The time.</param>
    /// <param name="weight">How many requests it stands for; 0: it is only for those who listen to service times.</param>
    internal void TimeFrom(long now, int weight)
    {
        _startedAt = now;
        _weight = (byte)weight;
        _holds &= ~Holds.Untimed;
    }

    internal void StartAt(long now) => _startedAt = now;

    /// <summary>Keeps a permit until the request is done.</summary>
    internal void HoldPermit(RateLimitPermit permit) => _rateLimit = permit;

    internal void HoldCeiling() => _holds |= Holds.Ceiling;

    internal void Admit(bool slot)
    {
        _decision = (byte)AdmissionDecision.Admitted;
        if (slot)
        {
            _holds |= Holds.Slot;
        }
    }

    /// <summary>Mirrors the admission in the shadow gate, so that it knows of the load that is not observed.</summary>
    internal void Mirror(Downstream shadow)
    {
        shadow.Gate.Enter(_cost);
        _shadow = shadow;
        _holds |= Holds.ShadowSlot;
    }

    internal void AdmitInShadow(Downstream shadow)
    {
        _shadow = shadow;
        _holds |= Holds.ShadowSlot;
    }

    internal void WaitInShadow(ShadowAdmission wait) => _shadow = wait;

    internal void Exempted()
    {
        _decision = (byte)AdmissionDecision.Exempt;
        _holds |= Holds.Exempt;
    }

    internal void Bypass() => _decision = (byte)AdmissionDecision.Bypassed;

    internal void FailOpen()
    {
        _decision = (byte)AdmissionDecision.FailedOpen;
        _holds |= Holds.FailedOpen;
    }

    internal void WouldReject(RejectionReason reason)
    {
        _decision = (byte)AdmissionDecision.WouldReject;
        _reason = (byte)reason;
        _holds |= Holds.Observed;
    }

    /// <summary>What is to be kept while it waits: before that it can hold no more.</summary>
    internal readonly ParkedLease Park()
    {
        Debug.Assert(_shadow is null && Decision == AdmissionDecision.Admitted, "Nothing was decided of it.");
        return new ParkedLease(_class!, _rateLimit, (ushort)_holds);
    }

    /// <summary>Rejects, and gives back at once whatever was taken on the way.</summary>
    internal void Reject(RejectionReason reason, int retryAfterSeconds, RateLimitStatus? rateLimit = null)
    {
        Debug.Assert((_holds & (Holds.Slot | Holds.ShadowSlot)) == 0, "A rejected request never held a slot.");
        GiveBackTheRest();
        _decision = (byte)AdmissionDecision.Rejected;
        _reason = (byte)reason;
        _retryAfterSeconds = (short)Math.Min(retryAfterSeconds, short.MaxValue);
        _rateLimit = rateLimit;
        _holds = Holds.Completed;
    }
}
