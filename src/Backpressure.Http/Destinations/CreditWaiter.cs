namespace Backpressure.Http.Destinations;

/// <summary>A call that waits for a credit. All but its task is guarded by the queue it is in.</summary>
internal sealed class CreditWaiter(Priority priority, long expiresAt, CreditAnswer expiry)
{
    private readonly TaskCompletionSource<CreditDecision> _decision = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Priority Priority => priority;

    public long ExpiresAt => expiresAt;

    /// <summary>What it is told when its time is over.</summary>
    public CreditAnswer Expiry => expiry;

    /// <summary>What it was counted of when it was granted one.</summary>
    public byte Spent { get; set; }

    /// <summary>Where it stands; null: it is decided.</summary>
    public LinkedListNode<CreditWaiter>? Place { get; set; }

    public Task<CreditDecision> Decision => _decision.Task;

    /// <summary>Outside of the lock: it may be anybody who goes on here.</summary>
    public void Tell(CreditAnswer answer) => _decision.TrySetResult(new CreditDecision(answer, Spent));
}
