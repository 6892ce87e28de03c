using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Backpressure.Benchmarks.Live;

/// <summary>
/// One HTTP/1.1 connection, one request at a time, with nothing allocated for an answer: at ten times the capacity, one
/// core sends 4 000 a second, and must never be what is measured.
/// </summary>
internal sealed class Wire(IPEndPoint server) : IDisposable
{
    public const int Failed = -1;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly SocketOperation _operation = new() { RemoteEndPoint = server };
    private readonly byte[] _received = new byte[2048];

    /// <summary>Whether the last answer came whole and the server keeps the connection open.</summary>
    public bool CanBeUsedAgain { get; private set; }

    /// <summary>Sends a request and reads its answer's status, or <see cref="Failed"/>. <see cref="HangUp"/> meanwhile makes it fail.</summary>
    public async ValueTask<int> ExchangeAsync(ReadOnlyMemory<byte> request)
    {
        CanBeUsedAgain = false;
        try
        {
            if (!_socket.Connected && !await _operation.ConnectAsync(_socket))
            {
                return Failed;
            }

            for (; request.Length > 0; request = request[_operation.BytesTransferred..])
            {
                if (!await _operation.SendAsync(_socket, request))
                {
                    return Failed;
                }
            }

            for (int length = 0; length < _received.Length;)
            {
                if (!await _operation.ReceiveAsync(_socket, _received.AsMemory(length)) || _operation.BytesTransferred == 0)
                {
                    return Failed;
                }

                length += _operation.BytesTransferred;
                if (StatusOf(_received.AsSpan(0, length)) is int status and not Failed)
                {
                    return status;
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // Hung up between two calls.
        }

        return Failed;
    }

    /// <summary>
    /// The client gives up: the server learns of it at once. By a reset, as a browser does when an answer is still due;
    /// it also leaves no port in TIME_WAIT, of which there are too few for thousands a second.
    /// </summary>
    public void HangUp() => _socket.Close(timeout: 0);

    public void Dispose()
    {
        _socket.Dispose();
        _operation.Dispose();
    }

    /// <summary>The status, or <see cref="Failed"/> while the answer is not all there.</summary>
    private int StatusOf(ReadOnlySpan<byte> received)
    {
        int headEnd = received.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
        {
            return Failed;
        }

        ReadOnlySpan<byte> head = received[..(headEnd + 2)];
        ReadOnlySpan<byte> body = received[(headEnd + 4)..];
        bool whole = head.IndexOf("\r\nTransfer-Encoding: chunked\r\n"u8) >= 0 ? body.EndsWith("0\r\n\r\n"u8) : body.Length >= ContentLength(head);
        if (!whole || !Utf8Parser.TryParse(head["HTTP/1.1 ".Length..], out int status, out _))
        {
            return Failed;
        }

        CanBeUsedAgain = head.IndexOf("\r\nConnection: close\r\n"u8) < 0;
        return status;
    }

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> name = "\r\nContent-Length: "u8;
        int at = head.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(head[(at + name.Length)..], out int length, out _) ? length : 0;
    }
}
