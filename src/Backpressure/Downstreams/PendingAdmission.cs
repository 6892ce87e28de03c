using System.Threading.Tasks.Sources;
using Backpressure.Admission;

namespace Backpressure.Downstreams;

/// <summary>
/// A request that waits: the awaiting shell around a <see cref="Waiter"/>, used again once its answer was read. What its lease
/// will be is kept in pieces, of which the waiter has most: a whole one would double its size.
/// </summary>
internal sealed class PendingAdmission : Waiter, IValueTaskSource<AdmissionLease>
{
    private readonly Downstream _downstream;
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private bool _isRegistered;

    public PendingAdmission(Downstream downstream) => _downstream = downstream;

    /// <summary>How many lie in the downstream's pool from this one down.</summary>
    internal int PoolDepth { get; set; }

    /// <summary>What its lease has of its own; see <see cref="AdmissionLease.Park"/>.</summary>
    internal ParkedLease Lease { get; set; }

    /// <summary>Link in the downstream's pool, where nobody waits.</summary>
    internal PendingAdmission? PoolNext
    {
        get => (PendingAdmission?)Next;
        set => Next = value;
    }

    public override void OnDecided() => _core.SetResult(true);

    /// <summary>What it waits for: to be read once, and nobody else makes it ready to serve again.</summary>
    internal ValueTask<AdmissionLease> Answer => new(this, _core.Version);

    /// <summary>Begins to wait. The decision may already have fallen.</summary>
    /// <param name="lease">What is known of the lease so far.</param>
    /// <param name="cancellationToken">Fires when the caller is gone.</param>
    public void Park(in ParkedLease lease, CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(Lease.Class, lease.Class) || lease.Other is not null || lease.Holds != Lease.Holds)
        {
            Lease = lease;
        }

        if (cancellationToken.CanBeCanceled)
        {
            Register(cancellationToken);
        }
    }

    AdmissionLease IValueTaskSource<AdmissionLease>.GetResult(short token)
    {
        _core.GetResult(token);
        if (_isRegistered)
        {
            Unregister();
        }

        AdmissionLease lease = Lease.Class.Owner.Settle(this);
        if (Lease.Other is not null)
        {
            // Its class it keeps: it may well serve that again.
            Lease = default;
        }

        _core.Reset();
        _downstream.Return(this);
        return lease;
    }

    ValueTaskSourceStatus IValueTaskSource<AdmissionLease>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<AdmissionLease>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Register(CancellationToken cancellationToken)
    {
        _isRegistered = true;
        _registration = cancellationToken.UnsafeRegister(
            static state =>
            {
                var self = (PendingAdmission)state!;
                self._downstream.Cancel(self);
            },
            this);
    }

    // After this nobody else knows this object, and it may serve again.
    private void Unregister()
    {
        // A callback in progress is waited for. But the one that has ended the wait does nothing more with this object once it
        // has told: see Gate.TryCancel.
        if (State != WaiterState.Refused || Refusal.Reason != RejectionReason.ClientAborted)
        {
            _registration.Dispose();
        }

        _registration = default;
        _isRegistered = false;
    }
}
