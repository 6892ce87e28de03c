using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace Backpressure.Benchmarks.Live;

/// <summary>
/// A socket's asynchronous calls, one at a time. That they fail is a value here: as exceptions, thousands of clients a
/// second that hang up would take the generator's core.
/// </summary>
// true: no execution context flows.
internal sealed class SocketOperation() : SocketAsyncEventArgs(true), IValueTaskSource<bool>
{
    private ManualResetValueTaskSourceCore<bool> _source;

    private bool Succeeded => SocketError == SocketError.Success;

    public ValueTask<bool> ConnectAsync(Socket socket) => Begin(socket.ConnectAsync);

    public ValueTask<bool> SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        SetBuffer(MemoryMarshal.AsMemory(bytes));
        return Begin(socket.SendAsync);
    }

    public ValueTask<bool> ReceiveAsync(Socket socket, Memory<byte> into)
    {
        SetBuffer(into);
        return Begin(socket.ReceiveAsync);
    }

    public bool GetResult(short token) => _source.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _source.OnCompleted(continuation, state, token, flags);

    protected override void OnCompleted(SocketAsyncEventArgs e) => _source.SetResult(Succeeded);

    private ValueTask<bool> Begin(Func<SocketAsyncEventArgs, bool> operation)
    {
        _source.Reset();
        return operation(this) ? new ValueTask<bool>(this, _source.Version) : new ValueTask<bool>(Succeeded);
    }
}
