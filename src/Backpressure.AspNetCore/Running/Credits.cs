using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Backpressure.Admission;
using Backpressure.AspNetCore.Classification;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Backpressure.AspNetCore.Running;

/// <summary>
/// Tells a caller how many more requests of a priority it may send now, so that what cannot be served waits where it is made:
/// <c>Backpressure-Credit: 12;t=1;n=8;l=3</c>, which is RFC 9651's integer with parameters: twelve like the one that is answered, good
/// for <c>t</c> seconds, and fewer of priorities below it (<c>h</c>, <c>n</c>, <c>l</c>; as many as of the one above where not said).
/// A number and no sum: each takes the place of the one before, so none that is lost is missed.
/// </summary>
/// <remarks>
/// As between Flink's tasks, where some buffers are each channel's own and others float: a request that was served gives its
/// own place back to its caller, and what is free besides is divided evenly among all who were answered in the last one to two
/// seconds. So callers that keep to it hold, together, what there is room for. Source: Apache Flink, "Credit-based flow control"
/// (FLINK-7282).
/// </remarks>
internal sealed class Credits(LoadShedder shedder)
{
    /// <summary>A number moves with the load: after that it is old.</summary>
    private const int GoodForSeconds = 1;

    /// <summary>What is said most often, where as many may be sent of each priority: it costs no memory.</summary>
    private static readonly string[] Texts = [.. Enumerable.Range(0, 256).Select(static number => CreditHeaders.Write(Priority.Low, [number], GoodForSeconds))];

    private readonly ConditionalWeakTable<Downstream, Callers> _callers = [];

    /// <summary>Whether the caller of a request is to be told.</summary>
    public static bool GrantTo(HttpContext context, in AdmissionLease lease) =>
        lease.Decision is AdmissionDecision.Admitted or AdmissionDecision.Rejected
        && lease.Reason is not (RejectionReason.RateLimited or RejectionReason.ClientAborted)
        && lease.Class.Mode == BackpressureMode.Enforce
        && (lease.Policy.Credits == CreditGrant.Everybody || PriorityHeaders.IsKnown(context, lease.Class.Settings.PriorityHeader));

    /// <summary>
    /// Counts a request whose caller holds others back for want of credits as one that has met a full gate. Else nobody would: a limit
    /// that all callers keep to would never be found too low, and never be raised.
    /// </summary>
    public static void HeedThoseHeldBack(HttpContext context, in AdmissionLease lease)
    {
        if (lease.IsAdmitted && lease.Wait == TimeSpan.Zero
            && TryReadCaller(context, lease.Class.Settings.PriorityHeader, out _, out int waiting) && waiting > 0)
        {
            LoadShedder.NoteHeldBack(in lease);
        }
    }

    /// <summary>Writes the header. The response must not have started.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A fault of our own must not fail the response.")]
    public void Tell(GatedRequest gated)
    {
        try
        {
            ref readonly AdmissionLease lease = ref gated.Lease;
            Span<int> room = stackalloc int[Priorities.Count];
            int own = LoadShedder.RoomOf(in lease, room);
            room = room[(int)lease.Priority..];
            Callers callers = _callers.GetValue(lease.Class.Downstream, static _ => new Callers());
            callers.TakeShare(CallerOf(gated.Context, lease.Class.Settings.PriorityHeader), room, shedder.ToTimeSpan(shedder.Now));
            foreach (ref int one in room)
            {
                one += own;
            }

            int seconds = Math.Max(GoodForSeconds, (int)lease.RetryAfter.TotalSeconds);
            gated.Context.Response.Headers[CreditHeaders.Credit] =
                seconds == GoodForSeconds && room[0] < Texts.Length && !room.ContainsAnyExcept(room[0]) ? Texts[room[0]] : CreditHeaders.Write(lease.Priority, room, seconds);
        }
        catch (Exception fault)
        {
            shedder.NoteFault(fault);
        }
    }

    // Clients of one host are told apart by what they call themselves once they have seen a credit; until then they share. A stranger
    // could call himself many.
    private static ulong CallerOf(HttpContext context, PriorityHeaderSettings known)
    {
        if (TryReadCaller(context, known, out ReadOnlySpan<char> name, out _))
        {
            return PartitionHash.Of(0, name);
        }

        IPAddress? address = context.Connection.RemoteIpAddress;
        return address is null ? 0 : PartitionHash.Of(address.ToString());
    }

    private static bool TryReadCaller(HttpContext context, PriorityHeaderSettings known, out ReadOnlySpan<char> name, out int waiting)
    {
        name = default;
        waiting = 0;
        if (!context.Request.Headers.TryGetValue(CreditHeaders.Caller, out StringValues values) || values.Count != 1 || !PriorityHeaders.IsKnown(context, known))
        {
            return false;
        }

        name = values[0];
        int end = name.IndexOf(CreditHeaders.Waiting, StringComparison.Ordinal);
        if (end >= 0)
        {
            // A number that cannot be read is nobody.
            _ = int.TryParse(name[(end + CreditHeaders.Waiting.Length)..], NumberStyles.None, CultureInfo.InvariantCulture, out waiting);
            name = name[..end];
        }

        return true;
    }
}
