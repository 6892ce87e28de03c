using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FlashSale.Load;

/// <summary>
/// One HTTP/1.1 connection, one request at a time. The general HTTP client pays several exceptions for each request
/// that is given up; with a thousand of those a second, the generator would need the processor that the shop should have.
/// </summary>
internal sealed class ShopWire : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _received = new byte[8 * 1024];

    /// <summary>Whether the last answer came whole and the shop keeps the connection open.</summary>
    public bool CanBeUsedAgain { get; private set; }

    /// <summary>Sends a request and reads its answer. Disposing the connection meanwhile ends it with <see cref="Ending.Failed"/>.</summary>
    public async Task<Answer> ExchangeAsync(IPEndPoint address, ReadOnlyMemory<byte> request)
    {
        CanBeUsedAgain = false;
        try
        {
            if (!_socket.Connected)
            {
                await _socket.ConnectAsync(address);
            }

            while (request.Length > 0)
            {
                request = request[await _socket.SendAsync(request)..];
            }

            int length = 0;
            while (length < _received.Length)
            {
                int more = await _socket.ReceiveAsync(_received.AsMemory(length));
                if (more == 0)
                {
                    break;
                }

                length += more;
                if (Read(_received.AsSpan(0, length)) is { } answer)
                {
                    return answer;
                }
            }
        }
        catch (SocketException)
        {
            // Refused, reset, or disposed by a client that gave up.
        }
        catch (ObjectDisposedException)
        {
            // Given up between two calls.
        }

        return new Answer(Ending.Failed);
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>The answer, or <see langword="null"/> while it is not all there.</summary>
    private Answer? Read(ReadOnlySpan<byte> received)
    {
        int headEnd = received.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> head = received[..headEnd];
        ReadOnlySpan<byte> body = received[(headEnd + 4)..];
        bool whole = Header(head, "Transfer-Encoding") is "chunked"
            ? body.EndsWith("0\r\n\r\n"u8)
            : body.Length >= Number(Header(head, "Content-Length"));
        if (!whole)
        {
            return null;
        }

        CanBeUsedAgain = Header(head, "Connection") is not "close";
        _ = Utf8Parser.TryParse(head["HTTP/1.1 ".Length..], out short status, out _);
        return new Answer(Ending.Answered, status, Number(Header(head, "Retry-After")));
    }

    private static string? Header(ReadOnlySpan<byte> head, string name)
    {
        int start = head.IndexOf(Encoding.ASCII.GetBytes($"\r\n{name}: "));
        if (start < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> value = head[(start + name.Length + 4)..];
        int end = value.IndexOf("\r\n"u8);
        return Encoding.ASCII.GetString(end < 0 ? value : value[..end]);
    }

    private static short Number(string? text) => short.TryParse(text, out short number) ? number : (short)0;
}
