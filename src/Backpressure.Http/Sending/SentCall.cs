using Microsoft.Extensions.ObjectPool;

namespace Backpressure.Http.Sending;

/// <summary>A call on its way, kept apart from the task that waits for its answer: that one is new each time, this serves again.</summary>
internal sealed class SentCall
{
    /// <summary>More than so many at once are left to the garbage collector.</summary>
    private const int MaxIdle = 1024;

    private static readonly ObjectPool<SentCall> Pool = new DefaultObjectPool<SentCall>(new DefaultPooledObjectPolicy<SentCall>(), MaxIdle);

    private OutboundCall _call;
    private CancellationToken _cancellationToken;

    /// <summary>Takes a call over, until it is told what became of it.</summary>
    public static SentCall Of(in OutboundCall call, CancellationToken cancellationToken)
    {
        SentCall sent = Pool.Get();
        sent._call = call;
        sent._cancellationToken = cancellationToken;
        return sent;
    }

    /// <summary>The response has begun: the last that it is asked.</summary>
    public void Answered(HttpResponseMessage response)
    {
        _call.Answered(response);
        Return();
    }

    /// <summary>It has failed, or was given up: the last that it is asked.</summary>
    public void Failed(Exception exception)
    {
        _call.Failed(exception, _cancellationToken);
        Return();
    }

    private void Return()
    {
        _call = default;
        _cancellationToken = default;
        Pool.Return(this);
    }
}
