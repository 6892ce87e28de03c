using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Backpressure.AspNetCore.Running;

/// <summary>
/// How much of each HTTP/2 connection's flow-control window the unread bodies of waiting requests may hold: half, or
/// whatever a single one needs that leaves some of it. All streams of a connection share its window: with all of it held,
/// requests that run could not get their own bodies through, and what they hold would never be free for those that wait.
/// </summary>
/// <remarks>
/// Not needed on HTTP/1.1, where a connection carries one request, nor on HTTP/3, where a hundred streams at QUIC's
/// stream window of 64 KiB stay below half of its connection window of 16 MiB.
/// </remarks>
internal sealed class WindowBudget
{
    /// <summary>
    /// What a gRPC request of unknown length is taken to hold: a frame of default size. A unary message hardly ever
    /// fills more, and taken as a stream's whole window not one gRPC request could wait with Kestrel's defaults.
    /// </summary>
    internal const int GrpcBodyEstimate = 16 * 1024;

    private readonly ConditionalWeakTable<object, Connection> _connections = [];
    private readonly int _streamWindow;
    private readonly int _connectionWindow;
    private readonly int _budget;

    public WindowBudget(Http2Limits limits)
    {
        _streamWindow = limits.InitialStreamWindowSize;
        _connectionWindow = limits.InitialConnectionWindowSize;
        _budget = limits.InitialConnectionWindowSize / 2;
    }

    /// <summary>Takes a request's share before it may wait.</summary>
    /// <returns>Whether there was room; when there was none the request must not wait.</returns>
    public bool TryReserve(HttpContext context, ref Reservation reservation)
    {
        if (!HttpProtocol.IsHttp2(context.Request.Protocol) || !RequestBodies.MayHaveBody(context))
        {
            return true;
        }

        // One object a connection, alive as long as it. Other servers than Kestrel may have none: nothing is known then.
        // A tunnel (a WebSocket) sends nothing before it is accepted.
        object? key = context.Features.Get<IConnectionItemsFeature>();
        if (key is null || context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true })
        {
            return true;
        }

        long bytes = Math.Min(context.Request.ContentLength ?? EstimateOf(context), _streamWindow);
        Connection connection = _connections.GetOrCreateValue(key);
        if (!TryHold(connection, bytes))
        {
            return false;
        }

        reservation = new Reservation(connection, bytes);
        return true;
    }

    private bool TryHold(Connection connection, long bytes)
    {
        long held = Volatile.Read(ref connection.Held);
        while (true)
        {
            // The only one may exceed the budget: a stream's window is more than half of the connection's by default, and
            // what most clients post says no length. What is left of the window still lets the others through.
            bool fits = held + bytes <= _budget || (held == 0 && bytes < _connectionWindow);
            if (!fits)
            {
                return false;
            }

            long seen = Interlocked.CompareExchange(ref connection.Held, held + bytes, held);
            if (seen == held)
            {
                return true;
            }

            held = seen;
        }
    }

    private long EstimateOf(HttpContext context)
        => GrpcRequests.IsGrpc(context.Request.ContentType) ? GrpcBodyEstimate : _streamWindow;

    /// <summary>What a waiting request holds; released when it waits no longer.</summary>
    internal readonly struct Reservation(Connection connection, long bytes)
    {
        public void Release()
        {
            if (connection is not null)
            {
                Interlocked.Add(ref connection.Held, -bytes);
            }
        }
    }

    internal sealed class Connection
    {
        public long Held;
    }
}
