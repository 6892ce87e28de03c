using System.Net.Sockets;
using System.Text;

namespace Backpressure.AspNetCore.Tests.Kestrel;

/// <summary>An HTTP/1.1 client that does exactly what the test says, and no more.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly StringBuilder _received = new();

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var connection = new RawConnection();
        await connection._socket.ConnectAsync(address.Host, address.Port);
        return connection;
    }

    public async Task SendAsync(string text) => await SendAsync(Encoding.ASCII.GetBytes(text), CancellationToken.None);

    public async Task SendAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        for (int sent = 0; sent < bytes.Length;)
        {
            sent += await _socket.SendAsync(bytes.AsMemory(sent), cancellationToken);
        }
    }

    /// <summary>One response with a Content-Length: its head and its body.</summary>
    public async Task<(string Head, string Body)> ReceiveAsync()
    {
        int end;
        while ((end = _received.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            await FillAsync();
        }

        string head = _received.ToString(0, end);
        string? length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        int body = length is null ? 0 : int.Parse(length["Content-Length:".Length..]);
        while (_received.Length < end + 4 + body)
        {
            await FillAsync();
        }

        string text = _received.ToString(end + 4, body);
        _received.Remove(0, end + 4 + body);
        return (head, text);
    }

    /// <summary>Leaves with a reset, as a client does that is killed.</summary>
    public void Abort()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Dispose();
    }

    public void Dispose() => _socket.Dispose();

    private async Task FillAsync()
    {
        byte[] buffer = new byte[4096];
        int count = await _socket.ReceiveAsync(buffer).WaitAsync(Site.Patience);
        Assert.True(count > 0, $"The connection was closed after: {_received}");
        _received.Append(Encoding.ASCII.GetString(buffer, 0, count));
    }
}
