using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Backpressure.AspNetCore.Running;

/// <summary>
/// Tells clients that are called on a request's behalf whose work they do, and knows requests that have come back to their
/// start. Only where a client has registered <see cref="AmbientRequests"/>: its flow with the execution context costs.
/// </summary>
internal sealed class OutgoingCalls(AmbientRequests ambient)
{
    // Of this process alone: another instance of the same service has slots of its own.
    private readonly string _self = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private readonly ConcurrentDictionary<string, string> _gates = new(StringComparer.OrdinalIgnoreCase);
    private int _lastGate;

    /// <summary>Whether one of its own callers holds a slot of the gate that it comes to.</summary>
    public bool IsBack(HttpContext context, PolicySettings policy) =>
        policy.Overflow != Overflow.Reject
        && ChainOf(context) is { } chain
        && CallChain.Contains(chain, GateOf(policy.Downstream));

    /// <summary>It runs from here, until the returned one is disposed of.</summary>
    /// <param name="context">The request.</param>
    /// <param name="lease">Its lease.</param>
    /// <param name="timeLeft">How long its caller cared when it came.</param>
    public AmbientRequest Begin(HttpContext context, in AdmissionLease lease, TimeSpan? timeLeft)
    {
        // Anybody can send one, and what is not ASCII would fail each call that carries it on.
        string? before = ChainOf(context);
        return ambient.BeginInChain(
            lease.Priority, timeLeft - lease.Wait, new CallChain(Ascii.IsValid(before) ? before : null, lease.HoldsSlot ? GateOf(lease.Policy.Downstream) : null));
    }

    private static string? ChainOf(HttpContext context) =>
        context.Request.Headers.TryGetValue(CallChain.Header, out StringValues chain) && chain.Count == 1 ? chain[0] : null;

    // By number and not by name: a header tells nobody what our downstreams are called.
    private string GateOf(string downstream) => _gates.GetOrAdd(
        downstream, static (_, own) => string.Create(CultureInfo.InvariantCulture, $"{own._self}-{Interlocked.Increment(ref own._lastGate)}"), this);
}
