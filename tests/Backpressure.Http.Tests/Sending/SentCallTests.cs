using System.Net;
using Backpressure.Http.Destinations;
using Backpressure.Http.Sending;

namespace Backpressure.Http.Tests.Sending;

public sealed class SentCallTests
{
    [Fact]
    public void Send_AnsweredLater_AllocatesNoMoreThanAHandlerThatOnlyAwaits()
    {
        using var rig = new ClientRig(systemTime: true);
        using var answer = new HttpResponseMessage(HttpStatusCode.OK);
        var destination = new Later();
        using var awaiting = new HttpMessageInvoker(new Awaiting { InnerHandler = destination });
        using var gated = new HttpMessageInvoker(new BackpressureHandler(rig.Client) { InnerHandler = destination });
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://payments/pay");
        request.Headers.TryAddWithoutValidation("User-Agent", "test");

        AllocatedLater(gated, 30_000);
        long ours = AllocatedLater(gated, 10_000);
        long theirs = AllocatedLater(awaiting, 10_000);

        // Windows close now and then; and an unoptimised state machine keeps a variable more.
        Assert.InRange(ours - theirs, long.MinValue, 10_000 * 16);

        long AllocatedLater(HttpMessageInvoker http, int calls)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < calls; i++)
            {
                Task<HttpResponseMessage> call = http.SendAsync(request, CancellationToken.None);
                Assert.False(call.IsCompleted);
                destination.Answer(answer);
                Assert.True(call.IsCompletedSuccessfully);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public async Task Send_AnsweredLater_EachCallKeepsItsOwn()
    {
        using var rig = new ClientRig();
        var destination = new Later();
        using var gated = new HttpMessageInvoker(new BackpressureHandler(rig.Client) { InnerHandler = destination });
        for (int round = 0; round < 3; round++)
        {
            // One answered, one failed and one given up are on their way together, and those of the round before have served again.
            using var leaving = new CancellationTokenSource();
            using var answer = new HttpResponseMessage(HttpStatusCode.OK);
            (Task<HttpResponseMessage> answered, TaskCompletionSource<HttpResponseMessage> first) = Call("http://one/", CancellationToken.None);
            (Task<HttpResponseMessage> failed, TaskCompletionSource<HttpResponseMessage> second) = Call("http://two/", CancellationToken.None);
            (Task<HttpResponseMessage> givenUp, TaskCompletionSource<HttpResponseMessage> third) = Call("http://three/", leaving.Token);
            Assert.Equal([0, 1, 1, 1], rig.Client.Destinations.All.Select(each => InFlight(rig, each)).Order());

            await leaving.CancelAsync();
            third.SetCanceled(leaving.Token);
            second.SetException(new HttpRequestException("It fell over."));
            first.SetResult(answer);

            Assert.Same(answer, await answered);
            Assert.Equal("It fell over.", (await Assert.ThrowsAsync<HttpRequestException>(() => failed)).Message);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
            Assert.Equal([0, 0, 0, 0], rig.Client.Destinations.All.Select(each => InFlight(rig, each)).Order());
        }

        (Task<HttpResponseMessage>, TaskCompletionSource<HttpResponseMessage>) Call(string uri, CancellationToken cancellationToken)
        {
            Task<HttpResponseMessage> call = gated.SendAsync(new HttpRequestMessage(HttpMethod.Get, uri), cancellationToken);
            return (call, destination.Open);
        }
    }

    private static int InFlight(ClientRig rig, Destination destination) =>
        (destination.ClassOf("GET", Priority.Normal).Resolved?.Downstream.Gate.InFlight).GetValueOrDefault();

    private sealed class Later : HttpMessageHandler
    {
        public TaskCompletionSource<HttpResponseMessage> Open { get; private set; } = new();

        public void Answer(HttpResponseMessage answer) => Open.SetResult(answer);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Open = new TaskCompletionSource<HttpResponseMessage>();
            return Open.Task;
        }
    }

    private sealed class Awaiting : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }
}
