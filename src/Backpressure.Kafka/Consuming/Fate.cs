namespace Backpressure.Kafka.Consuming;

/// <summary>What became of a message.</summary>
internal enum Fate
{
    /// <summary>Its handler has returned, or it was skipped: it may be committed.</summary>
    Done,

    /// <summary>Its partition goes; it comes again elsewhere.</summary>
    Left,

    /// <summary>It has failed for good, and its partition stops there.</summary>
    Stopped,
}
