using System.Threading.Tasks.Sources;
using Backpressure.Admission;

namespace Backpressure.Downstreams;

/// <summary>A request that waits: the awaiting shell around a <see cref="Waiter"/>, used again once its answer was read.</summary>
internal sealed class PendingAdmission : Waiter, IValueTaskSource<AdmissionLease>
{
    private readonly Downstream _downstream;
    private ManualResetValueTaskSourceCore<AdmissionLease> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private AdmissionLease _lease;

    public PendingAdmission(Downstream downstream) => _downstream = downstream;

    /// <summary>Link in the downstream's pool.</summary>
    internal PendingAdmission? PoolNext { get; set; }

    public override void OnDecided() => _core.SetResult(default);

    /// <summary>Begins to wait. The decision may already have fallen.</summary>
    /// <param name="lease">What is known of the lease so far.</param>
    /// <param name="cancellationToken">Fires when the caller is gone.</param>
    public ValueTask<AdmissionLease> WaitAsync(in AdmissionLease lease, CancellationToken cancellationToken)
    {
        _lease = lease;
        short version = _core.Version;
        _registration = cancellationToken.UnsafeRegister(
            static state =>
            {
                var self = (PendingAdmission)state!;
                self._downstream.Cancel(self);
            },
            this);
        return new ValueTask<AdmissionLease>(this, version);
    }

    AdmissionLease IValueTaskSource<AdmissionLease>.GetResult(short token)
    {
        _core.GetResult(token);

        // Waits for a callback in progress: after this nobody else knows this object, and it may serve again.
        _registration.Dispose();
        AdmissionLease lease = _lease;
        lease.SettleWait(this);

        _lease = default;
        _registration = default;
        _core.Reset();
        _downstream.Return(this);
        return lease;
    }

    ValueTaskSourceStatus IValueTaskSource<AdmissionLease>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<AdmissionLease>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
