using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.RateLimiting;

namespace Backpressure.Benchmarks;

/// <summary>
/// As a server has it: one context for all requests of a connection, response callbacks kept in lists that are reused
/// and really called, in the reverse of their order.
/// </summary>
internal sealed class SyntheticServer : IHttpResponseFeature, IHttpRequestLifetimeFeature, IDisposable
{
    private readonly CancellationTokenSource _aborted = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> _starting = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> _completed = new();
    private readonly RequestDelegate _run;

    public SyntheticServer(RequestDelegate run)
    {
        _run = run;
        Context = new DefaultHttpContext();
        Context.Features.Set<IHttpResponseFeature>(this);
        Context.Features.Set<IHttpRequestLifetimeFeature>(this);
        Context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        Context.Request.Method = "GET";
        Context.Request.Protocol = "HTTP/1.1";
        Context.Request.ContentLength = 0;
        Context.Request.Path = "/";
        Context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new EnableRateLimitingAttribute("only")), "only"));
    }

    public DefaultHttpContext Context { get; }

    public int StatusCode { get; set; } = 200;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    [Obsolete("As in the interface.")]
    public Stream Body { get; set; } = Stream.Null;

    public bool HasStarted => false;

    public CancellationToken RequestAborted { get => _aborted.Token; set => throw new NotSupportedException(); }

    public void Abort() => _aborted.Cancel();

    public void OnStarting(Func<object, Task> callback, object state) => _starting.Push((callback, state));

    public void OnCompleted(Func<object, Task> callback, object state) => _completed.Push((callback, state));

    public void Serve(int times, int expectedStatus)
    {
        for (int i = 0; i < times; i++)
        {
            StatusCode = 200;
            Headers.Clear();
            Task running = _run(Context);
            if (!running.IsCompletedSuccessfully || StatusCode != expectedStatus)
            {
                throw new InvalidOperationException($"Answered {StatusCode} in place of {expectedStatus}.");
            }

            CallBack(_starting);
            CallBack(_completed);
        }
    }

    public void Dispose() => _aborted.Dispose();

    private static void CallBack(Stack<(Func<object, Task> Callback, object State)> callbacks)
    {
        while (callbacks.TryPop(out var next))
        {
            if (!next.Callback(next.State).IsCompletedSuccessfully)
            {
                throw new InvalidOperationException("A callback did not end at once.");
            }
        }
    }
}
