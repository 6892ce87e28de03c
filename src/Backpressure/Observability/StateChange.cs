namespace Backpressure.Observability;

/// <summary>Something that an operator wants to know later: when it changed, what, and why.</summary>
/// <param name="Number">Grows by one with each entry, and with each amendment of one.</param>
/// <param name="At">When it began.</param>
/// <param name="Kind">What has changed.</param>
/// <param name="Subject">The downstream or the signal; empty: the whole.</param>
/// <param name="Text">What happened, and why, as a sentence without its subject.</param>
internal sealed record StateChange(long Number, DateTimeOffset At, StateChangeKind Kind, string Subject, string Text);

/// <summary>What can change.</summary>
internal enum StateChangeKind
{
    SheddingBegan,
    SheddingStopped,
    LimitMoved,
    SignalUp,
    SignalDown,
    SignalStale,
    SignalBack,
    SignalFaulted,
    Reloaded,
    ReloadRejected,
}
