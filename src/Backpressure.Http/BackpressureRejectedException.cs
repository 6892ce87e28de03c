using Polly;

namespace Backpressure.Http;

/// <summary>
/// A Polly pipeline's gate, or its retry budget, has refused an execution. As Polly's other refusals it is an
/// <see cref="ExecutionRejectedException"/>, which the usual retries and circuit breakers neither handle nor count.
/// </summary>
public sealed class BackpressureRejectedException : ExecutionRejectedException
{
    /// <summary>A refusal for no reason in particular.</summary>
    public BackpressureRejectedException()
        : this("Refused by Backpressure.")
    {
    }

    /// <summary>A refusal.</summary>
    /// <param name="message">Why.</param>
    public BackpressureRejectedException(string message)
        : base(message)
    {
    }

    /// <summary>A refusal of another attempt.</summary>
    /// <param name="message">Why.</param>
    /// <param name="innerException">What the attempt before ended with.</param>
    public BackpressureRejectedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal BackpressureRejectedException(string message, RejectionReason reason, TimeSpan retryAfter)
        : base(message)
    {
        Reason = reason;
        RetryAfter = retryAfter;
    }

    /// <summary>Why the gate refused it; <see cref="RejectionReason.None"/> for a retry that the budget refused.</summary>
    public RejectionReason Reason { get; }

    /// <summary>When to try again; zero: it is not known.</summary>
    public TimeSpan RetryAfter { get; }
}
