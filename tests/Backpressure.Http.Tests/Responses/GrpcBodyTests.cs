using System.Net;
using Backpressure.Http.Sending;
using Grpc.Core;
using Grpc.Net.Client;

namespace Backpressure.Http.Tests.Responses;

/// <summary>Answers that begin well and say behind their body that they were none.</summary>
public sealed class GrpcBodyTests
{
    /// <summary>A message of two bytes, not compressed.</summary>
    private static readonly byte[] Message = [0, 0, 0, 0, 2, (byte)'o', (byte)'k'];

    private static readonly Marshaller<string> Text = Marshallers.Create(System.Text.Encoding.UTF8.GetBytes, System.Text.Encoding.UTF8.GetString);

    private static readonly Method<string, string> Pay = new(MethodType.Unary, "shop.Payments", "Pay", Text, Text);

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.ResourceExhausted)]
    [InlineData(StatusCode.DeadlineExceeded)]
    public async Task ARefusalBehindTheBody_IsASignOfOverload_AndItsPushbackIsObeyed(StatusCode status)
    {
        using var rig = new ClientRig(Aimd);
        rig.Stub.Answer = _ => Answer(((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture), "5000");
        using GrpcChannel channel = GrpcChannel.ForAddress("http://payments", new GrpcChannelOptions { HttpHandler = rig.Handler });

        RpcException theirs = await Assert.ThrowsAsync<RpcException>(() => CallAsync(channel));
        Assert.Equal(status, theirs.StatusCode);
        Assert.Equal(1, rig.Client.Read());
        RpcException ours = await Assert.ThrowsAsync<RpcException>(() => CallAsync(channel));

        Assert.Equal("Not sent: retry_after", ours.Status.Detail);
        Assert.Single(rig.Stub.Sent);
        rig.Time.Advance(TimeSpan.FromSeconds(5));
        await Assert.ThrowsAsync<RpcException>(() => CallAsync(channel));
        Assert.Equal(2, rig.Stub.Sent.Count);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("5")]
    [InlineData("13")]
    [InlineData(null)]
    public async Task AnythingElseBehindTheBody_LeavesTheCallAsItBegan(string? status)
    {
        using var rig = new ClientRig(Aimd);
        rig.Stub.Answer = _ => Answer(status, "5000");

        for (int call = 0; call < 20; call++)
        {
            using HttpResponseMessage response = await SendAsync(rig);
            Assert.Equal(Message, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(20, rig.Stub.Sent.Count);
        Assert.Equal((0, 0), (rig.Client.Read(), Throttle(rig)));
    }

    [Fact]
    public async Task RefusalsBehindBodies_LowerTheLimit_AsThoseInHeadersDo()
    {
        int behind = await LimitAfterAsync(static () => Answer("14", null));
        int ahead = await LimitAfterAsync(static () =>
        {
            HttpResponseMessage response = Answer(null, null);
            response.Headers.Add("grpc-status", "14");
            return response;
        });
        int served = await LimitAfterAsync(static () => Answer("0", null));

        Assert.Equal(ahead, behind);
        Assert.True(behind < served, $"{behind} is not below {served}");
    }

    [Fact]
    public async Task ManyRefusalsBehindBodies_AreThrottled()
    {
        using var rig = new ClientRig(Aimd);
        rig.Stub.Answer = static _ => Answer("14", null);
        for (int call = 0; call < 20; call++)
        {
            using HttpResponseMessage response = await SendAsync(rig);
            await response.Content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        }

        // K = 2 and none accepted: (20 − 0) ÷ 21, but never above 0.9.
        Assert.Equal(0.9, Throttle(rig));
    }

    [Fact]
    public async Task UntilItsBodyHasEnded_AnAnswerCountsAsServed_AndHoldsNoSlot()
    {
        using var rig = new ClientRig(ClientRig.OneAtATime);
        rig.Stub.Answer = static _ => Answer("14", null);
        using HttpResponseMessage open = await SendAsync(rig);
        using HttpResponseMessage second = await SendAsync(rig);
        await using Stream body = await open.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        byte[] buffer = new byte[64];

        // Nothing where nothing is wanted is no end.
        Assert.Equal(0, await body.ReadAsync(Memory<byte>.Empty, TestContext.Current.CancellationToken));
        Assert.Equal(Message.Length, await body.ReadAsync(buffer, TestContext.Current.CancellationToken));
        Assert.Equal(0, rig.Client.Read());
        Assert.Equal(0, await body.ReadAsync(buffer, TestContext.Current.CancellationToken));
        Assert.Equal(0.5, rig.Client.Read());
        Assert.Equal(0, await body.ReadAsync(buffer, TestContext.Current.CancellationToken));
        Assert.Equal(0.5, rig.Client.Read());
    }

#pragma warning disable CA1835, CA1849 // Also the older ways, on purpose.
    [Fact]
    public async Task EveryWayToReadABody_HearsItsTrailers()
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        Func<HttpContent, Task>[] ways =
        [
            content => content.LoadIntoBufferAsync(cancelled),
            content => content.ReadAsByteArrayAsync(cancelled),
            content => content.CopyToAsync(Stream.Null, cancelled),
            content =>
            {
                content.CopyTo(Stream.Null, null, cancelled);
                return Task.CompletedTask;
            },
            async content => await (await content.ReadAsStreamAsync(cancelled)).CopyToAsync(Stream.Null, cancelled),
            content =>
            {
                content.ReadAsStream(cancelled).CopyTo(Stream.Null);
                return Task.CompletedTask;
            },
            content =>
            {
                Stream body = content.ReadAsStream(cancelled);
                while (body.ReadByte() >= 0)
                {
                }

                return Task.CompletedTask;
            },
            async content =>
            {
                Stream body = await content.ReadAsStreamAsync(cancelled);
                while (await body.ReadAsync(new byte[4], 0, 4, cancelled) > 0)
                {
                }
            },
        ];
        foreach (Func<HttpContent, Task> read in ways)
        {
            using var rig = new ClientRig();
            rig.Stub.Answer = static _ => Answer("14", null);
            using HttpResponseMessage response = await SendAsync(rig);
            await read(response.Content);
            Assert.Equal(1, rig.Client.Read());
        }
    }
#pragma warning restore CA1835, CA1849

    [Fact]
    public async Task ABodyThatIsGivenUp_SaysNothing_AndIsDisposedOf()
    {
        using var rig = new ClientRig();
        var body = new MemoryStream(Message);
        rig.Stub.Answer = _ => Answer("14", null, new StreamContent(body));
        HttpResponseMessage response = await SendAsync(rig);
        Assert.Equal("application/grpc", response.Content.Headers.ContentType?.MediaType);

        response.Dispose();

        Assert.False(body.CanRead);
        Assert.Equal(0, rig.Client.Read());
    }

    private static void Aimd(BackpressureClientOptions options) =>
        options.Limit = new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 20, Min = 4 };

    private static Task<string> CallAsync(GrpcChannel channel) => channel.CreateCallInvoker().AsyncUnaryCall(Pay, null, new CallOptions(cancellationToken: TestContext.Current.CancellationToken), "10").ResponseAsync;

    private static Task<HttpResponseMessage> SendAsync(ClientRig rig) => rig.Http.SendAsync(CallOutcomesTests.GrpcRequest(), TestContext.Current.CancellationToken);

    private static double Throttle(ClientRig rig) => rig.Client.Destinations.All.First().Health.ThrottleOf(Priority.Normal, rig.Time.GetTimestamp());

    private static async Task<int> LimitAfterAsync(Func<HttpResponseMessage> answer)
    {
        using var rig = new ClientRig(Aimd);
        rig.Stub.Answer = _ => answer();
        for (int call = 0; call < 10; call++)
        {
            using HttpResponseMessage response = await SendAsync(rig);
            await response.Content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
            rig.Time.Advance(TimeSpan.FromMilliseconds(200));
        }

        return rig.Client.Destinations.All.First().ClassOf("/shop.Payments/Pay", Priority.Normal).Resolved!.Downstream.Gate.Limit;
    }

    private static HttpResponseMessage Answer(string? status, string? pushback, HttpContent? body = null)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Version = HttpVersion.Version20, Content = body ?? new ByteArrayContent(Message) };
        response.Content.Headers.ContentType = new(GrpcCalls.ContentType);
        if (status is not null)
        {
            response.TrailingHeaders.Add(GrpcCalls.Status, status);
        }

        if (pushback is not null)
        {
            response.TrailingHeaders.Add(GrpcCalls.Pushback, pushback);
        }

        return response;
    }
}
