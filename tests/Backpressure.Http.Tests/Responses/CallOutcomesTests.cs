using System.Net;
using Backpressure.Http.Responses;
using Microsoft.Extensions.Time.Testing;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Backpressure.Http.Tests.Responses;

public sealed class CallOutcomesTests
{
    [Theory]
    [InlineData(200, Outcome.Success)]
    [InlineData(404, Outcome.Success)]
    [InlineData(408, Outcome.Ignored)]
    [InlineData(429, Outcome.Dropped)]
    [InlineData(500, Outcome.Ignored)]
    [InlineData(502, Outcome.Ignored)]
    [InlineData(503, Outcome.Dropped)]
    [InlineData(504, Outcome.Dropped)]
    public void Statuses(int status, Outcome outcome)
    {
        using var request = new HttpRequestMessage();
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        Assert.Equal(outcome, CallOutcomes.Of(request, response));
    }

    [Theory]
    [InlineData("0", Outcome.Success)]
    [InlineData("5", Outcome.Success)]
    [InlineData("4", Outcome.Dropped)]
    [InlineData("8", Outcome.Dropped)]
    [InlineData("14", Outcome.Dropped)]
    [InlineData("13", Outcome.Ignored)]
    [InlineData(null, Outcome.Success)]
    public void GrpcStatusesInTheHeaders(string? status, Outcome outcome)
    {
        using HttpRequestMessage request = GrpcRequest();
        using var response = new HttpResponseMessage(HttpStatusCode.OK);
        if (status is not null)
        {
            response.Headers.Add("grpc-status", status);
        }

        Assert.Equal(outcome, CallOutcomes.Of(request, response));
    }

    [Theory]
    [InlineData("0", Outcome.Success)]
    [InlineData("4", Outcome.Dropped)]
    [InlineData("8", Outcome.Dropped)]
    [InlineData("14", Outcome.Dropped)]
    [InlineData("13", Outcome.Ignored)]
    [InlineData(null, Outcome.Success)]
    public void GrpcStatusesBehindTheBody(string? status, Outcome outcome)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.OK);
        if (status is not null)
        {
            response.TrailingHeaders.Add("grpc-status", status);
        }

        Assert.Equal(outcome, CallOutcomes.OfTrailers(response));
    }

    [Theory]
    [InlineData("application/grpc", "application/grpc+proto", 200, null, true)]
    [InlineData("application/grpc", "application/grpc", 200, "0", false)]
    [InlineData("application/grpc", "application/grpc", 503, null, false)]
    [InlineData("application/grpc", "text/html", 200, null, false)]
    [InlineData("application/json", "application/grpc", 200, null, false)]
    public void OnlyAGrpcAnswerWithoutAStatus_IsStillOpen(string asked, string answered, int code, string? status, bool open)
    {
        using HttpRequestMessage request = GrpcRequest();
        request.Content!.Headers.ContentType = new(asked);
        using var response = new HttpResponseMessage((HttpStatusCode)code) { Content = new ByteArrayContent([]) };
        response.Content.Headers.ContentType = new(answered);
        if (status is not null)
        {
            response.Headers.Add("grpc-status", status);
        }

        Assert.Equal(open, CallOutcomes.IsOpen(request, response));
    }

    [Fact]
    public void Exceptions()
    {
        Assert.Equal(Outcome.Dropped, CallOutcomes.Of(new TaskCanceledException("", new TimeoutException())));
        Assert.Equal(Outcome.Dropped, CallOutcomes.Of(new HttpRequestException("", new TimeoutException())));
        Assert.Equal(Outcome.Dropped, CallOutcomes.Of(new BrokenCircuitException()));
        Assert.Equal(Outcome.Dropped, CallOutcomes.Of(new IsolatedCircuitException()));
        Assert.Equal(Outcome.Dropped, CallOutcomes.Of(new TimeoutRejectedException()));
        Assert.Equal(Outcome.Ignored, CallOutcomes.Of(new HttpRequestException("refused")));
        Assert.Equal(Outcome.Ignored, CallOutcomes.Of(new InvalidOperationException()));
    }

    [Fact]
    public void RetryAfter_IsReadInEveryForm()
    {
        var time = new FakeTimeProvider();
        Assert.Equal(TimeSpan.Zero, Of(static _ => { }));
        Assert.Equal(TimeSpan.FromSeconds(7), Of(static response => response.Headers.Add("Retry-After", "7")));
        Assert.Equal(TimeSpan.FromSeconds(9), Of(response => response.Headers.RetryAfter = new(time.GetUtcNow().AddSeconds(9))));
        Assert.Equal(TimeSpan.Zero, Of(response => response.Headers.RetryAfter = new(time.GetUtcNow().AddSeconds(-9))));
        Assert.Equal(TimeSpan.FromMilliseconds(700), Of(static response => response.Headers.Add("grpc-retry-pushback-ms", "700")));
        Assert.Equal(TimeSpan.Zero, Of(static response => response.Headers.Add("grpc-retry-pushback-ms", "-1")));
        Assert.Equal(TimeSpan.FromSeconds(3), RetryAfter.Of(new BrokenCircuitException("open", TimeSpan.FromSeconds(3))));

        using var trailed = new HttpResponseMessage(HttpStatusCode.OK);
        Assert.Equal(TimeSpan.Zero, RetryAfter.OfTrailers(trailed));
        trailed.TrailingHeaders.Add("grpc-retry-pushback-ms", "400");
        Assert.Equal(TimeSpan.FromMilliseconds(400), RetryAfter.OfTrailers(trailed));

        TimeSpan Of(Action<HttpResponseMessage> set)
        {
            using var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
            set(response);
            return RetryAfter.Of(response, time);
        }
    }

    internal static HttpRequestMessage GrpcRequest()
    {
        var content = new ByteArrayContent([]);
        content.Headers.ContentType = new("application/grpc");
        return new HttpRequestMessage(HttpMethod.Post, "http://payments/shop.Payments/Pay") { Content = content };
    }
}
