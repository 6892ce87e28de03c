using Backpressure.AspNetCore.Running;
using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore.Tests.Running;

public sealed class OutcomesTests
{
    [Theory]
    [InlineData(200, Outcome.Success)]
    [InlineData(302, Outcome.Success)]
    [InlineData(404, Outcome.Success)]
    [InlineData(408, Outcome.Ignored)]
    [InlineData(429, Outcome.Ignored)]
    [InlineData(499, Outcome.Ignored)]
    [InlineData(500, Outcome.Ignored)]
    [InlineData(502, Outcome.Ignored)]
    [InlineData(503, Outcome.Dropped)]
    [InlineData(504, Outcome.Dropped)]
    [InlineData(101, Outcome.Success)]
    public void Of_Status(int status, Outcome expected)
    {
        var context = new DefaultHttpContext();
        context.Response.StatusCode = status;

        Assert.Equal(expected, Outcomes.Of(context, null));
    }

    [Fact]
    public void Of_Exception()
    {
        Assert.Equal(Outcome.Dropped, Outcomes.OfException(new TimeoutException()));
        Assert.Equal(Outcome.Dropped, Outcomes.OfException(new TaskCanceledException()));
        Assert.Equal(Outcome.Dropped, Outcomes.OfException(new InvalidOperationException("query failed", new IOException("", new TimeoutException()))));
        Assert.Equal(Outcome.Ignored, Outcomes.OfException(new InvalidOperationException()));
    }

    [Fact]
    public void Of_ClientThatLeft_IsIgnoredWhateverHappened()
    {
        var context = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };
        context.Response.StatusCode = 503;

        Assert.Equal(Outcome.Ignored, Outcomes.Of(context, null));
        Assert.Equal(Outcome.Ignored, Outcomes.Of(context, new TimeoutException()));
    }

    [Theory]
    [InlineData("0", Outcome.Success)]
    [InlineData("1", Outcome.Ignored)]
    [InlineData("4", Outcome.Dropped)]
    [InlineData("5", Outcome.Success)]
    [InlineData("8", Outcome.Dropped)]
    [InlineData("13", Outcome.Ignored)]
    [InlineData("14", Outcome.Dropped)]
    public void Of_GrpcStatus(string status, Outcome expected)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = status;

        Assert.Equal(expected, Outcomes.Of(context, null));
    }

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("application/grpc-web-text", true)]
    [InlineData("application/grpc; charset=utf-8", true)]
    [InlineData("application/grpcx", false)]
    [InlineData("application/json", false)]
    [InlineData(null, false)]
    public void IsGrpc_GoesByTheContentType(string? contentType, bool expected)
        => Assert.Equal(expected, GrpcRequests.IsGrpc(contentType));
}
