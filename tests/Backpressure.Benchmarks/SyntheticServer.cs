using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.RateLimiting;

namespace Backpressure.Benchmarks;

/// <summary>
/// As Kestrel does it, without the network: one context for all requests of a connection, set up anew for each; features
/// reset; response callbacks kept in lists that are reused, and really called, in the reverse of their order.
/// </summary>
internal sealed class SyntheticServer :
    IHttpRequestFeature, IHttpResponseFeature, IHttpRequestLifetimeFeature, IEndpointFeature, IDisposable
{
    private static readonly Endpoint Limited =
        new(null, new EndpointMetadataCollection(new EnableRateLimitingAttribute("only")), "only");

    private readonly CancellationTokenSource _aborted = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> _starting = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> _completed = new();
    private readonly ServerFeatures _features;
    private readonly RequestDelegate _run;

    public SyntheticServer(RequestDelegate run)
    {
        _run = run;
        _features = new ServerFeatures(this);
        Context = new DefaultHttpContext(_features);
        Begin();
    }

    public DefaultHttpContext Context { get; }

    public IHttpResponseBodyFeature ResponseBody { get; } = new StreamResponseBodyFeature(Stream.Null);

    public int StatusCode { get; set; } = 200;

    public string? ReasonPhrase { get; set; }

    public string Method { get; set; } = "GET";

    public string Protocol { get; set; } = "HTTP/1.1";

    public string Scheme { get; set; } = "http";

    public string PathBase { get; set; } = "";

    public string Path { get; set; } = "/";

    public string QueryString { get; set; } = "";

    public string RawTarget { get; set; } = "/";

    public Endpoint? Endpoint { get; set; }

    public bool HasStarted { get; private set; }

    public CancellationToken RequestAborted { get => _aborted.Token; set => throw new NotSupportedException(); }

    IHeaderDictionary IHttpRequestFeature.Headers { get; set; } = new ServerHeaders();

    IHeaderDictionary IHttpResponseFeature.Headers { get; set; } = new ServerHeaders();

    Stream IHttpRequestFeature.Body { get; set; } = Stream.Null;

    [Obsolete("As in the interface.")]
    Stream IHttpResponseFeature.Body { get; set; } = Stream.Null;

    public void Abort() => _aborted.Cancel();

    public void OnStarting(Func<object, Task> callback, object state) => _starting.Push((callback, state));

    public void OnCompleted(Func<object, Task> callback, object state) => _completed.Push((callback, state));

    public void Begin()
    {
        StatusCode = 200;
        Endpoint = Limited;
        HasStarted = false;
        ((IHttpResponseFeature)this).Headers.Clear();
        _features.Reset();
        Context.Initialize(_features);
    }

    public void Serve(int times, int expectedStatus)
    {
        for (int i = 0; i < times; i++)
        {
            Begin();
            Task running = _run(Context);
            if (!running.IsCompletedSuccessfully || StatusCode != expectedStatus)
            {
                throw new InvalidOperationException($"Answered {StatusCode} in place of {expectedStatus}.");
            }

            CallBack(_starting);
            HasStarted = true;
            CallBack(_completed);
        }
    }

    /// <summary>Serves requests whose handler ends later.</summary>
    /// <param name="times">How many.</param>
    /// <param name="end">Ends the handler of the one that runs, and all that waits for it, before it returns.</param>
    public void ServeLate(int times, Action end)
    {
        for (int i = 0; i < times; i++)
        {
            Begin();
            Task running = _run(Context);
            if (running.IsCompleted)
            {
                throw new InvalidOperationException("It has ended too early.");
            }

            end();
            if (!running.IsCompletedSuccessfully)
            {
                throw new InvalidOperationException("It has not ended.");
            }

            CallBack(_starting);
            HasStarted = true;
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
