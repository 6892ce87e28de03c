using System.Net;
using System.Threading.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Polly;

namespace Backpressure.Benchmarks;

/// <summary>A call to a destination that is free: what a handler adds to it.</summary>
internal static class ClientWork
{
    private const string Bare = "no handler";
    private const string Ours = "Backpressure";
    private const string Peer = "Polly concurrency limiter";
    private const string Awaiting = "a handler that only awaits";

    /// <summary>A microsecond more than without it is what a handler may cost.</summary>
    private const double Longest = 1000;

    /// <summary>What a handler takes that only awaits: see its row.</summary>
    private const double BytesOfAwaiting = 128;

    /// <summary>Its answer is there at once.</summary>
    public static Comparison FreeDestination() => new(
        "a call to a free destination, over none",
        Peer,
        SubjectOf(Bare, static _ => { }, later: false) with { IsFloor = true },
        SubjectOf(Ours, static builder => builder.AddBackpressure(), later: false) with { Floor = Bare },
        SubjectOf(Peer, static builder => builder.AddHttpMessageHandler(static () => new PollyHandler()), later: false) with { Floor = Bare })
    {
        Claims = [new Claim(Ours, Peer, 1.5, 0, Longest)],
    };

    /// <summary>
    /// Its answer comes later, as over a socket. Who is to hear of it before the caller does hands on a task of its own, so what no handler
    /// can do without is what one takes that only awaits.
    /// </summary>
    public static Comparison AnsweredLater() => new(
        "the same, answered later",
        Peer,
        SubjectOf(Bare, static _ => { }, later: true) with { IsFloor = true },
        SubjectOf(Ours, static builder => builder.AddBackpressure(), later: true) with { Floor = Bare },
        SubjectOf(Awaiting, static builder => builder.AddHttpMessageHandler(static () => new AwaitingHandler()), later: true) with { Floor = Bare },
        SubjectOf(Peer, static builder => builder.AddHttpMessageHandler(static () => new PollyHandler()), later: true) with { Floor = Bare })
    {
        Claims = [new Claim(Ours, Peer, 1.5, BytesOfAwaiting, Longest)],
    };

    private static Subject SubjectOf(string name, Action<IHttpClientBuilder> configure, bool later)
    {
        var services = new ServiceCollection();
        var destination = new FreeDestinationHandler(later);
        IHttpClientBuilder builder = services.AddHttpClient(name).RemoveAllLoggers().ConfigurePrimaryHttpMessageHandler(() => destination);
        configure(builder);
        var invoker = new HttpMessageInvoker(services.BuildServiceProvider().GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(name));
        var request = new HttpRequestMessage(HttpMethod.Get, "http://payments/pay");
        request.Headers.TryAddWithoutValidation("User-Agent", "benchmark");
        return new Subject(name, times =>
        {
            for (int i = 0; i < times; i++)
            {
                Task<HttpResponseMessage> call = invoker.SendAsync(request, CancellationToken.None);
                destination.Answer();
                if (!call.IsCompletedSuccessfully)
                {
                    throw new InvalidOperationException("The answer was not there at once.");
                }
            }
        });
    }

    private sealed class FreeDestinationHandler(bool later) : HttpMessageHandler
    {
        private readonly Task<HttpResponseMessage> _answer = Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
        private TaskCompletionSource<HttpResponseMessage>? _open;

        public void Answer() => _open?.SetResult(_answer.Result);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!later)
            {
                return _answer;
            }

            _open = new TaskCompletionSource<HttpResponseMessage>();
            return _open.Task;
        }
    }

    private sealed class AwaitingHandler : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private sealed class PollyHandler : DelegatingHandler
    {
        private readonly ResiliencePipeline<HttpResponseMessage> _pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = 1000 })
            .Build();

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            _pipeline.ExecuteAsync(
                static (state, token) => new ValueTask<HttpResponseMessage>(state.Self.SendInnerAsync(state.Request, token)),
                (Self: this, Request: request),
                cancellationToken).AsTask();

        private Task<HttpResponseMessage> SendInnerAsync(HttpRequestMessage request, CancellationToken cancellationToken) => base.SendAsync(request, cancellationToken);
    }
}
