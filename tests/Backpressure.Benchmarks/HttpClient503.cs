using System.Net;
using System.Net.Sockets;

namespace Backpressure.Benchmarks;

/// <summary>
/// Asks for nothing but refusals, at as little cost of its own as can be: bytes that are made once, sockets that block, and no
/// look at a response but at its status and its end.
/// </summary>
internal sealed class HttpClient503 : IDisposable
{
    /// <summary>Enough that the server always has something to do while the client reads.</summary>
    private const int Connections = 32;

    private readonly byte[] _requests;
    private readonly int _requestLength;
    private readonly int _pipelined;
    private readonly Socket[] _sockets = new Socket[Connections];
    private readonly byte[] _buffer = new byte[32 * 1024];

    /// <summary>Connects.</summary>
    /// <param name="server">Where.</param>
    /// <param name="pipelined">How many requests go out on a connection before their answers are read.</param>
    public HttpClient503(IPEndPoint server, int pipelined)
    {
        _pipelined = pipelined;
        byte[] request = [.. "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n"u8];
        _requestLength = request.Length;
        _requests = [.. Enumerable.Repeat(request, pipelined).SelectMany(static r => r)];
        for (int i = 0; i < Connections; i++)
        {
            _sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            _sockets[i].Connect(server);
        }
    }

    /// <summary>Asks so many times, and must be refused each time.</summary>
    public void Get(int times)
    {
        Span<int> asked = stackalloc int[Connections];
        for (int left = times; left > 0;)
        {
            for (int i = 0; i < Connections; i++)
            {
                asked[i] = Math.Min(left, _pipelined);
                left -= asked[i];
                if (asked[i] > 0)
                {
                    _sockets[i].Send(_requests.AsSpan(0, asked[i] * _requestLength));
                }
            }

            for (int i = 0; i < Connections && asked[i] > 0; i++)
            {
                Receive(_sockets[i], asked[i]);
            }
        }
    }

    public void Dispose() => Array.ForEach(_sockets, static s => s.Dispose());

    private void Receive(Socket socket, int count)
    {
        int begun = 0;
        int filled = 0;
        while (count > 0)
        {
            int received = socket.Receive(_buffer.AsSpan(filled));
            if (received == 0)
            {
                throw new InvalidOperationException("The server has closed the connection.");
            }

            filled += received;
            int length;
            while (count > 0 && (length = _buffer.AsSpan(begun, filled - begun).IndexOf("\r\n\r\n"u8)) >= 0)
            {
                if (!_buffer.AsSpan(begun).StartsWith("HTTP/1.1 503"u8))
                {
                    throw new InvalidOperationException("It was not refused.");
                }

                // They have no body.
                begun += length + 4;
                count--;
            }
        }

        if (begun != filled)
        {
            throw new InvalidOperationException("The server has sent more than was asked for.");
        }
    }
}
