using Backpressure.AspNetCore;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Backpressure.Http.Tests.Sockets;

/// <summary>A gRPC client through the handler to a gRPC service behind the middleware: HTTP/2 without TLS, on loopback.</summary>
public sealed class GrpcSocketTests
{
    private static readonly Marshaller<string> Text = Marshallers.Create(System.Text.Encoding.UTF8.GetBytes, System.Text.Encoding.UTF8.GetString);

    private static readonly Method<string, string> Pay = new(MethodType.Unary, "shop.Payments", nameof(Payments.Pay), Text, Text);

    private static readonly Method<string, string> Watch = new(MethodType.ServerStreaming, "shop.Payments", nameof(Payments.Watch), Text, Text);

    [Theory]
    [InlineData(StatusCode.Unavailable, 1)]
    [InlineData(StatusCode.ResourceExhausted, 1)]
    [InlineData(StatusCode.DeadlineExceeded, 1)]
    [InlineData(StatusCode.InvalidArgument, 0)]
    [InlineData(StatusCode.Internal, 0)]
    public async Task WhatTheServiceEndsACallWith_CountsByItsStatus(StatusCode status, double shed)
    {
        await using Service service = await StartAsync(10, (_, _) => throw new RpcException(new Status(status, "as the test says")));
        await using var caller = new Caller(service.Address);

        RpcException failed = await Assert.ThrowsAsync<RpcException>(() => CallAsync(caller));

        Assert.Equal(status, failed.StatusCode);
        Assert.Equal(shed, caller.Client.Read());
    }

    [Theory]
    [InlineData(StatusCode.Unavailable, 1)]
    [InlineData(StatusCode.ResourceExhausted, 1)]
    [InlineData(StatusCode.DeadlineExceeded, 1)]
    [InlineData(StatusCode.Internal, 0)]
    [InlineData(StatusCode.OK, 0)]
    public async Task WhatTheServiceSaysBehindMessages_CountsByItsStatus(StatusCode status, double shed)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Service service = await StartAsync(10, static (_, _) => Task.FromResult("paid"), async (answers, _) =>
        {
            await answers.WriteAsync("first");
            await told.Task;
            if (status != StatusCode.OK)
            {
                throw new RpcException(new Status(status, "as the test says"));
            }
        });
        await using var caller = new Caller(service.Address);
        using GrpcChannel channel = ChannelOf(caller);
        using AsyncServerStreamingCall<string> call = channel.CreateCallInvoker().AsyncServerStreamingCall(Watch, null, new CallOptions(cancellationToken: TestContext.Current.CancellationToken), "10");

        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(0, caller.Client.Read());
        told.SetResult();
        StatusCode ended = StatusCode.OK;
        try
        {
            Assert.False(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        }
        catch (RpcException failed)
        {
            ended = failed.StatusCode;
        }

        Assert.Equal(status, ended);
        Assert.Equal(shed, caller.Client.Read());
    }

    [Fact]
    public async Task ACallWhoseHeadersComeBeforeItsRefusal_IsOneOfARefusal()
    {
        await using Service service = await StartAsync(10, static async (_, call) =>
        {
            await call.WriteResponseHeadersAsync([]);
            call.ResponseTrailers.Add("grpc-retry-pushback-ms", "2000");
            throw new RpcException(new Status(StatusCode.Unavailable, "as the test says"));
        });
        await using var caller = new Caller(service.Address);

        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => CallAsync(caller))).StatusCode);
        Assert.Equal(1, caller.Client.Read());
        RpcException ours = await Assert.ThrowsAsync<RpcException>(() => CallAsync(caller));

        Assert.Equal("Not sent: retry_after", ours.Status.Detail);
        Assert.Equal(1, service.Arrived);
    }

    [Fact]
    public async Task ARefusalByTheGate_IsObeyedUntilItsPushbackIsOver()
    {
        var first = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Service service = await StartAsync(1, (_, _) => first.Task);

        // Without credits, which would have the second wait here.
        await using var caller = new Caller(service.Address, static options => options.Credits = false);
        Task<string> held = CallAsync(caller);
        await Service.EventuallyAsync(() => service.LetIn == 1, "the first is in");

        RpcException theirs = await Assert.ThrowsAsync<RpcException>(() => CallAsync(caller));
        Assert.Equal(StatusCode.Unavailable, theirs.StatusCode);
        int milliseconds = int.Parse(theirs.Trailers.GetValue("grpc-retry-pushback-ms")!, System.Globalization.CultureInfo.InvariantCulture);
        RpcException ours = await Assert.ThrowsAsync<RpcException>(() => CallAsync(caller));
        Assert.Equal("Not sent: retry_after", ours.Status.Detail);
        Assert.Equal(2, service.Arrived);

        caller.Time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => CallAsync(caller))).StatusCode);
        Assert.Equal(3, service.Arrived);
        first.SetResult("paid");
        Assert.Equal("paid", await held);
        Assert.Equal("paid", await CallAsync(caller));
    }

    [Fact]
    public async Task PriorityAndDeadline_ArriveAsMetadata_AndTheServiceGoesByThem()
    {
        string? seen = null;
        await using Service service = await StartAsync(1, (_, call) =>
        {
            string? Of(string header) => call.RequestHeaders.GetValue(header);
            seen = $"{Of("backpressure-priority")} {Of("x-envoy-expected-rq-timeout-ms")} "
                + $"{call.GetHttpContext().Request.Headers["grpc-timeout"]} {call.GetHttpContext().Features.Get<IBackpressureFeature>()!.Priority} {call.Deadline < DateTime.MaxValue}";
            return Task.FromResult("paid");
        });
        await using var caller = new Caller(service.Address);
        using (caller.Ambient.Begin(Priority.Critical, TimeSpan.FromSeconds(30)))
        {
            Assert.Equal("paid", await CallAsync(caller));
        }

        Assert.Equal("Critical 30000 30000m Critical True", seen);
    }

    private static async Task<string> CallAsync(Caller caller)
    {
        using GrpcChannel channel = ChannelOf(caller);
        return await channel.CreateCallInvoker().AsyncUnaryCall(Pay, null, new CallOptions(cancellationToken: TestContext.Current.CancellationToken), "10").ResponseAsync;
    }

    private static GrpcChannel ChannelOf(Caller caller) => GrpcChannel.ForAddress(caller.Http.BaseAddress!, new GrpcChannelOptions { HttpClient = caller.Http });

    private static Task<Service> StartAsync(
        int limit, Func<string, ServerCallContext, Task<string>> pay, Func<IServerStreamWriter<string>, ServerCallContext, Task>? watch = null) => Service.StartAsync(
        limit,
        static app => app.MapGrpcService<Payments>(),
        HttpProtocols.Http2,
        services =>
        {
            services.AddGrpc();
            services.AddSingleton(new Payments(pay, watch));
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<Payments>, Methods>());
        });

    private sealed class Payments(Func<string, ServerCallContext, Task<string>> pay, Func<IServerStreamWriter<string>, ServerCallContext, Task>? watch)
    {
        public Task Watch(IServerStreamWriter<string> answers, ServerCallContext call) => watch!(answers, call);

        public Task<string> Pay(string amount, ServerCallContext call) => pay(amount, call);
    }

    private sealed class Methods : IServiceMethodProvider<Payments>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<Payments> context)
        {
            context.AddUnaryMethod(GrpcSocketTests.Pay, [], static (service, amount, call) => service.Pay(amount, call));
            context.AddServerStreamingMethod(GrpcSocketTests.Watch, [], static (service, _, answers, call) => service.Watch(answers, call));
        }
    }
}
