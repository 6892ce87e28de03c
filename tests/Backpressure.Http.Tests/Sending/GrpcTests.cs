using System.Net;
using Backpressure.Http.Sending;
using Backpressure.Http.Tests.Responses;
using Grpc.Core;
using Grpc.Net.Client;

namespace Backpressure.Http.Tests.Sending;

public sealed class GrpcTests
{
    private static readonly Marshaller<string> Text = Marshallers.Create(System.Text.Encoding.UTF8.GetBytes, System.Text.Encoding.UTF8.GetString);

    private static readonly Method<string, string> Pay = new(MethodType.Unary, "shop.Payments", "Pay", Text, Text);

    [Theory]
    [InlineData("14")]
    [InlineData("8")]
    public async Task ARefusalInTrailersOnly_IsObeyed_AndWhatIsRefusedHereIsUnderstood(string status)
    {
        using var rig = new ClientRig();
        rig.Stub.Answer = _ => Trailers(status, "5000");
        using GrpcChannel channel = GrpcChannel.ForAddress("http://payments", new GrpcChannelOptions { HttpHandler = rig.Handler });
        CallInvoker calls = channel.CreateCallInvoker();

        RpcException theirs = await Assert.ThrowsAsync<RpcException>(() => CallAsync(calls));
        RpcException ours = await Assert.ThrowsAsync<RpcException>(() => CallAsync(calls));

        Assert.Equal(status, ((int)theirs.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(StatusCode.Unavailable, ours.StatusCode);
        Assert.Equal("5000", ours.Trailers.GetValue("grpc-retry-pushback-ms"));
        Assert.Equal("Not sent: retry_after", ours.Status.Detail);
        Assert.Single(rig.Stub.Sent);
    }

    [Fact]
    public async Task Calls_AreAlikeByMethod_AndCarryTheDeadline()
    {
        using var rig = new ClientRig();
        rig.Stub.Answer = static _ => Trailers("0", null);
        using AmbientRequest ambient = rig.Ambient.Begin(Priority.Low, TimeSpan.FromSeconds(3));

        await rig.Http.SendAsync(CallOutcomesTests.GrpcRequest(), TestContext.Current.CancellationToken);

        Assert.Equal(["3000m"], rig.Stub.Sent[0].Headers.GetValues(CallHeaders.GrpcTimeout));
        Assert.Equal(["Low"], rig.Stub.Sent[0].Headers.GetValues(CallHeaders.Priority));
        Assert.NotNull(rig.Client.Destinations.All.First().ClassOf("/shop.Payments/Pay", Priority.Low).Resolved);
    }

    private static Task<string> CallAsync(CallInvoker calls) => calls.AsyncUnaryCall(Pay, null, new CallOptions(cancellationToken: TestContext.Current.CancellationToken), "10").ResponseAsync;

    private static HttpResponseMessage Trailers(string status, string? pushback)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Version = HttpVersion.Version20, Content = new ByteArrayContent([]) };
        response.Content.Headers.ContentType = new("application/grpc");
        response.Headers.Add("grpc-status", status);
        if (pushback is not null)
        {
            response.Headers.Add("grpc-retry-pushback-ms", pushback);
        }

        return response;
    }
}
