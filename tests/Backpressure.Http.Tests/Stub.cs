using System.Net;

namespace Backpressure.Http.Tests;

/// <summary>A destination that answers as a test says, at once or when told.</summary>
internal sealed class Stub : HttpMessageHandler
{
    private readonly Lock _lock = new();
    private readonly List<(HttpRequestMessage Request, TaskCompletionSource<HttpResponseMessage> Answer)> _open = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Answers at once; null: when told.</summary>
    public Func<HttpRequestMessage, HttpResponseMessage>? Answer { get; set; }

    /// <summary>Everything that was sent.</summary>
    public List<HttpRequestMessage> Sent { get; } = [];

    public int Open
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    public static HttpResponseMessage Status(HttpStatusCode status, int retryAfterSeconds = 0)
    {
        var response = new HttpResponseMessage(status);
        if (retryAfterSeconds > 0)
        {
            response.Headers.RetryAfter = new(TimeSpan.FromSeconds(retryAfterSeconds));
        }

        return response;
    }

    /// <summary>Until so many calls wait for their answer.</summary>
    public async Task OpenAsync(int count)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_open.Count >= count)
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Answers the oldest that waits.</summary>
    public HttpRequestMessage Finish(HttpStatusCode status = HttpStatusCode.OK, Exception? exception = null)
    {
        (HttpRequestMessage request, TaskCompletionSource<HttpResponseMessage> answer) first;
        lock (_lock)
        {
            first = _open[0];
            _open.RemoveAt(0);
        }

        if (exception is null)
        {
            first.answer.SetResult(new HttpResponseMessage(status) { RequestMessage = first.request });
        }
        else
        {
            first.answer.SetException(exception);
        }

        return first.request;
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Sent.Add(request);
            if (Answer is { } answer)
            {
                HttpResponseMessage response = answer(request);
                response.RequestMessage = request;
                return Task.FromResult(response);
            }

            var later = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
            cancellationToken.Register(() => later.TrySetCanceled(cancellationToken));
            _open.Add((request, later));
            TaskCompletionSource changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.SetResult();
            return later.Task;
        }
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendAsync(request, cancellationToken).GetAwaiter().GetResult();
}
