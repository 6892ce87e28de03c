using System.Net;
using System.Threading.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Polly;

namespace Backpressure.Benchmarks;

/// <summary>A call to a destination that is free, whose answer is there at once: what a handler adds to it.</summary>
internal static class ClientWork
{
    private const string Bare = "no handler";
    private const string Ours = "Backpressure";
    private const string Peer = "Polly concurrency limiter";

    public static Comparison FreeDestination() => new(
        "a call to a free destination, over none",
        Peer,
        SubjectOf(Bare, static _ => { }) with { IsFloor = true },
        SubjectOf(Ours, static builder => builder.AddBackpressure()) with { Floor = Bare },
        SubjectOf(Peer, static builder => builder.AddHttpMessageHandler(static () => new PollyHandler())) with { Floor = Bare })
    {
        Claims = [new Claim(Ours, Peer, 1.5, 0)],
    };

    private static Subject SubjectOf(string name, Action<IHttpClientBuilder> configure)
    {
        var services = new ServiceCollection();
        IHttpClientBuilder builder = services.AddHttpClient(name).RemoveAllLoggers().ConfigurePrimaryHttpMessageHandler(static () => new Instant());
        configure(builder);
        var invoker = new HttpMessageInvoker(services.BuildServiceProvider().GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(name));
        var request = new HttpRequestMessage(HttpMethod.Get, "http://payments/pay");
        request.Headers.TryAddWithoutValidation("User-Agent", "benchmark");
        return new Subject(name, times =>
        {
            for (int i = 0; i < times; i++)
            {
                if (!invoker.SendAsync(request, CancellationToken.None).IsCompletedSuccessfully)
                {
                    throw new InvalidOperationException("The answer was not there at once.");
                }
            }
        });
    }

    private sealed class Instant : HttpMessageHandler
    {
        private readonly Task<HttpResponseMessage> _answer = Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _answer;
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
