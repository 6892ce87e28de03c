using Backpressure.AspNetCore.Running;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace Backpressure.AspNetCore.Tests.Running;

public sealed class RequestBodiesTests
{
    [Theory]
    [InlineData("GET", null, "multipart/form-data", true)]
    [InlineData("POST", 65_536L, "image/png", true)]
    [InlineData("POST", 65_537L, "application/json", false)] // Its length says more than its type.
    [InlineData("POST", null, "application/json", true)]
    [InlineData("PUT", null, "Application/JSON ; charset=utf-8", true)]
    [InlineData("PATCH", null, "application/merge-patch+json", true)]
    [InlineData("POST", null, "application/soap+xml;charset=utf-8", true)]
    [InlineData("POST", null, "application/xml", true)]
    [InlineData("POST", null, "text/xml", true)]
    [InlineData("POST", null, "application/x-www-form-urlencoded", true)]
    [InlineData("POST", null, "application/grpc", true)]
    [InlineData("POST", null, "application/x-ndjson", false)] // A stream of documents.
    [InlineData("POST", null, "multipart/form-data; boundary=json", false)]
    [InlineData("POST", null, "application/octet-stream", false)]
    [InlineData("POST", null, null, false)]
    public void LatencyIsSample_UnlessTheUploadMayTakeLong(string method, long? length, string? type, bool expected)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.ContentLength = length;
        context.Request.ContentType = type;
        Assert.Equal(expected, RequestBodies.LatencyIsSample(context));
    }

    [Fact]
    public void LatencyIsSample_OfAPostThatCannotHaveABody()
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Features.Set<IHttpRequestBodyDetectionFeature>(new NoBody());
        Assert.True(RequestBodies.LatencyIsSample(context));
    }

    private sealed class NoBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => false;
    }
}
