using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore;

/// <summary>
/// What only code can say. Set it by <c>services.Configure&lt;BackpressureHttpOptions&gt;(…)</c>; everything else is in
/// <see cref="BackpressureOptions"/>. None of the callbacks can fail a request: what they throw is logged.
/// </summary>
public sealed class BackpressureHttpOptions
{
    /// <summary>
    /// Changes a request's priority, partition, cost or deadline before it asks for admission. Called for every request
    /// that is not exempt, so it must be quick and must not block. When it throws, what its headers said stands.
    /// Default <see langword="null"/>.
    /// </summary>
    public RequestClassifier? Classify { get; set; }

    /// <summary>
    /// Says what became of a request that ran, given the exception that ended it, if any; <see langword="null"/> leaves
    /// it to the table at <see cref="IBackpressureFeature.Outcome"/>. What the handler has set there goes before both.
    /// Asked when the handler has ended: too late for the limit where the slot was freed by the response's start; there the
    /// handler must set it.
    /// Default <see langword="null"/>.
    /// </summary>
    public Func<HttpContext, Exception?, Outcome?>? OutcomeOf { get; set; }

    /// <summary>
    /// May change what a rejected client gets. Called when status and headers are set and before the body is written;
    /// the body is left to it as soon as it has written one, or has changed the status or the content type. Not called for
    /// a client that has gone. Default <see langword="null"/>.
    /// </summary>
    public Func<HttpContext, IBackpressureFeature, ValueTask>? OnRejected { get; set; }
}
