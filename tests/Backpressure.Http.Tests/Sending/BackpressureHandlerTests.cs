using System.Globalization;
using System.Net;
using Backpressure.Http.Destinations;
using Backpressure.Http.Responses;

namespace Backpressure.Http.Tests.Sending;

public sealed class BackpressureHandlerTests
{
    private const string Payments = "http://payments/pay";

    [Fact]
    public async Task Send_WhenTheGateIsFull_WaitsInPriorityOrder()
    {
        using var rig = new ClientRig(ClientRig.OneAtATime);
        Task<HttpResponseMessage> first = rig.SendAsync();
        Task<HttpResponseMessage> low = rig.SendAsync(Priority.Low);
        Task<HttpResponseMessage> critical = rig.SendAsync(Priority.Critical);

        rig.Stub.Finish();
        await first;
        await rig.Stub.OpenAsync(1);
        rig.Stub.Finish();
        await critical;
        Assert.False(low.IsCompleted);
        await rig.Stub.OpenAsync(1);
        rig.Stub.Finish();
        await low;
    }

    [Fact]
    public async Task Send_ForARequest_RanksJustAboveItsOwnKind()
    {
        using var rig = new ClientRig(ClientRig.OneAtATime);
        Task<HttpResponseMessage> running = rig.SendAsync();
        Task<HttpResponseMessage> own = rig.SendAsync(uri: "http://payments/own");
        Task<HttpResponseMessage> high = rig.SendAsync(Priority.High, "http://payments/high");
        Task<HttpResponseMessage> nested;
        using (rig.Ambient.Begin(Priority.Normal))
        {
            nested = rig.SendAsync(uri: "http://payments/nested");
        }

        List<string> order = [];
        for (int i = 0; i < 4; i++)
        {
            await rig.Stub.OpenAsync(1);
            order.Add(rig.Stub.Finish().RequestUri!.AbsolutePath);
        }

        await Task.WhenAll([running, own, high, nested]);
        Assert.Equal(["/pay", "/high", "/nested", "/own"], order);
    }

    [Fact]
    public async Task Send_ForARequest_EvictsOneOfItsOwnKindThatNobodyWaitsFor()
    {
        using var rig = new ClientRig(static options =>
        {
            ClientRig.OneAtATime(options);
            options.Queue.Capacity = 1;
        });
        Task<HttpResponseMessage> running = rig.SendAsync();
        Task<HttpResponseMessage> own = rig.SendAsync();
        using AmbientRequest request = rig.Ambient.Begin(Priority.Normal);
        Task<HttpResponseMessage> nested = rig.SendAsync();
        Task<HttpResponseMessage> secondNested = rig.SendAsync();

        Assert.Equal(["evicted"], (await own).Headers.GetValues(LocalRefusal.ReasonHeader));
        Assert.Equal(["queue_full"], (await secondNested).Headers.GetValues(LocalRefusal.ReasonHeader));
        rig.Stub.Finish();
        await running;
        await rig.Stub.OpenAsync(1);
        rig.Stub.Finish();
        await nested;
    }

    [Fact]
    public async Task Send_OtherDestination_HasAGateOfItsOwn()
    {
        using var rig = new ClientRig(ClientRig.OneAtATime);
        Task<HttpResponseMessage> payments = rig.SendAsync();
        Task<HttpResponseMessage> otherPort = rig.SendAsync(uri: "http://payments:81/");
        Task<HttpResponseMessage> otherScheme = rig.SendAsync(uri: "https://payments/");
        Task<HttpResponseMessage> same = rig.SendAsync(uri: "http://PAYMENTS:80/other");

        Assert.Equal(3, rig.Stub.Open);
        Assert.Equal("1 1 1 0", string.Join(' ', rig.Client.Destinations.All.Select(d => InFlight(rig, d)).OrderDescending()));
        for (int i = 0; i < 4; i++)
        {
            await rig.Stub.OpenAsync(1);
            rig.Stub.Finish();
        }

        await Task.WhenAll([payments, otherPort, otherScheme, same]);
    }

    [Fact]
    public async Task Send_WhenItWaitsInVain_IsRefusedWithRetryAfterAndReason()
    {
        using var rig = new ClientRig(options =>
        {
            ClientRig.OneAtATime(options);
            options.MaxWait = TimeSpan.FromMilliseconds(500);
        });
        Task<HttpResponseMessage> running = rig.SendAsync();
        Task<HttpResponseMessage> waiting = rig.SendAsync();

        rig.Time.Advance(TimeSpan.FromMilliseconds(600));
        using HttpResponseMessage refused = await waiting;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);
        Assert.Equal(["max_wait_elapsed"], refused.Headers.GetValues(LocalRefusal.ReasonHeader));
        Assert.Single(rig.Stub.Sent);
        rig.Stub.Finish();
        await running;
    }

    [Fact]
    public async Task Send_WhenTheCallerLeavesWhileItWaits_IsCancelledAndHoldsNothing()
    {
        using var rig = new ClientRig(ClientRig.OneAtATime);
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> running = rig.SendAsync();
        Task<HttpResponseMessage> waiting = rig.SendUntilAsync(leaving.Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        rig.Stub.Finish();
        await running;
        Assert.Equal(0, InFlight(rig, rig.Client.Destinations.All.First()));
    }

    [Fact]
    public async Task Send_AfterRetryAfter_HoldsThatPriorityAndBelowUntilThen()
    {
        using var rig = new ClientRig();
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.ServiceUnavailable, retryAfterSeconds: 5);
        await rig.SendAsync(Priority.Normal);
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);

        using HttpResponseMessage held = await rig.SendAsync(Priority.Normal);
        using HttpResponseMessage below = await rig.SendAsync(Priority.Low);
        Assert.Equal(["retry_after"], held.Headers.GetValues(LocalRefusal.ReasonHeader));
        Assert.Equal(TimeSpan.FromSeconds(5), held.Headers.RetryAfter!.Delta);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, below.StatusCode);
        Assert.Single(rig.Stub.Sent);

        rig.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, (await rig.SendAsync(Priority.Normal)).StatusCode);
    }

    [Fact]
    public async Task Send_AfterRetryAfter_LetsHigherPrioritiesThrough()
    {
        using var rig = new ClientRig();
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.TooManyRequests, retryAfterSeconds: 5);
        await rig.SendAsync(Priority.Low);
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.OK, (await rig.SendAsync(Priority.Normal)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await rig.SendAsync(Priority.Low)).StatusCode);
    }

    [Fact]
    public async Task Send_WhenOneOfThatPriorityIsServed_IsHeldNoLonger()
    {
        using var rig = new ClientRig();
        Task<HttpResponseMessage> inFlight = rig.SendAsync(Priority.Low);
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.ServiceUnavailable, retryAfterSeconds: 30);
        await rig.SendAsync(Priority.Low);
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await rig.SendAsync(Priority.Low)).StatusCode);

        rig.Stub.Finish();
        await inFlight;

        Assert.Equal(HttpStatusCode.OK, (await rig.SendAsync(Priority.Low)).StatusCode);
    }

    [Fact]
    public async Task Send_RetryAfterBeyondTheBound_IsObeyedOnlySoFar()
    {
        using var rig = new ClientRig(static options => options.MaxRetryAfter = TimeSpan.FromSeconds(2));
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.ServiceUnavailable, retryAfterSeconds: 3600);
        await rig.SendAsync();
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);
        rig.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(HttpStatusCode.OK, (await rig.SendAsync()).StatusCode);
    }

    [Fact]
    public async Task Send_WhenMostIsRefused_IsThrottledByPriority()
    {
        using var rig = new ClientRig();
        rig.Stub.Answer = static request => Stub.Status(
            request.Headers.GetValues("Backpressure-Priority").Single() == "Low" ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK);
        for (int i = 0; i < 40; i++)
        {
            await rig.SendAsync(Priority.Low);
            await rig.SendAsync(Priority.Critical);
        }

        rig.Dice = 0.89;
        using HttpResponseMessage low = await rig.SendAsync(Priority.Low);
        using HttpResponseMessage critical = await rig.SendAsync(Priority.Critical);
        rig.Dice = 0.91;
        await rig.SendAsync(Priority.Low);

        Assert.Equal(["throttled"], low.Headers.GetValues(LocalRefusal.ReasonHeader));
        Assert.Equal(HttpStatusCode.OK, critical.StatusCode);
        Assert.Equal(82, rig.Stub.Sent.Count);
    }

    [Fact]
    public async Task Send_ABurstThatIsOnItsWay_IsNotThrottled()
    {
        using var rig = new ClientRig(static options => options.Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 100 }) { Dice = 0 };
        Task<HttpResponseMessage>[] calls = [.. Enumerable.Range(0, 50).Select(_ => rig.SendAsync())];
        await rig.Stub.OpenAsync(50);
        for (int i = 0; i < 50; i++)
        {
            rig.Stub.Finish();
        }

        Assert.All(await Task.WhenAll(calls), static answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
    }

    [Fact]
    public async Task Send_AfterTheWindow_IsThrottledNoLonger()
    {
        using var rig = new ClientRig();
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.ServiceUnavailable);
        for (int i = 0; i < 40; i++)
        {
            await rig.SendAsync();
        }

        rig.Dice = 0;
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await rig.SendAsync()).StatusCode);
        rig.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(HttpStatusCode.OK, (await rig.SendAsync()).StatusCode);
    }

    [Fact]
    public async Task Send_Observed_IsNeverRefused()
    {
        using var rig = new ClientRig(static options =>
        {
            ClientRig.OneAtATime(options);
            options.Mode = BackpressureMode.Observe;
        });
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.ServiceUnavailable, retryAfterSeconds: 5);
        await rig.SendAsync();
        rig.Stub.Answer = null;
        Task<HttpResponseMessage>[] calls = [rig.SendAsync(), rig.SendAsync(), rig.SendAsync()];

        Assert.Equal(3, rig.Stub.Open);
        for (int i = 0; i < 3; i++)
        {
            rig.Stub.Finish();
        }

        Assert.All(await Task.WhenAll(calls), static response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    [Fact]
    public void SendSynchronously_IsGatedToo()
    {
        using var rig = new ClientRig();
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.ServiceUnavailable, retryAfterSeconds: 5);
        using HttpResponseMessage first = rig.Http.Send(new HttpRequestMessage(HttpMethod.Get, Payments), TestContext.Current.CancellationToken);
        using HttpResponseMessage second = rig.Http.Send(new HttpRequestMessage(HttpMethod.Get, Payments), TestContext.Current.CancellationToken);

        Assert.False(first.Headers.Contains(LocalRefusal.ReasonHeader));
        Assert.True(second.Headers.Contains(LocalRefusal.ReasonHeader));
    }

    [Fact]
    public async Task Send_AsARequestIsServed_CarriesItsPriorityItsDeadlineAndItsGates()
    {
        using var rig = new ClientRig();
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);
        using (rig.Ambient.BeginInChain(Priority.High, TimeSpan.FromSeconds(2), new CallChain("a-1", "b-2")))
        {
            rig.Time.Advance(TimeSpan.FromMilliseconds(500));
            await rig.SendAsync();
        }

        await rig.SendAsync();
        HttpRequestMessage carried = rig.Stub.Sent[0];
        Assert.Equal(["High"], carried.Headers.GetValues("Backpressure-Priority"));
        Assert.Equal(["1500"], carried.Headers.GetValues("x-envoy-expected-rq-timeout-ms"));
        Assert.Equal(["a-1,b-2"], carried.Headers.GetValues(CallChain.Header));
        Assert.Empty(rig.Stub.Sent[1].Headers);
    }

    [Fact]
    public async Task Send_OfAChainThatHasComeBack_DoesNotWaitForItsOwnCallersSlot()
    {
        using var rig = new ClientRig(ClientRig.OneAtATime);

        Assert.Equal(["limit_reached"], await rig.RefusalOnTheWayBackAsync());
    }

    [Fact]
    public async Task Send_WhenTheDeadlineIsOver_IsNotSent()
    {
        using var rig = new ClientRig();
        using AmbientRequest request = rig.Ambient.Begin(Priority.Normal, TimeSpan.FromSeconds(1));
        rig.Time.Advance(TimeSpan.FromSeconds(1));

        using HttpResponseMessage refused = await rig.SendAsync();

        Assert.Equal(["deadline_exceeded"], refused.Headers.GetValues(LocalRefusal.ReasonHeader));
        Assert.Empty(rig.Stub.Sent);
    }

    [Fact]
    public async Task Send_WithoutPropagation_CarriesNothing()
    {
        using var rig = new ClientRig(static options => options.Propagate = false);
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);
        using AmbientRequest request = rig.Ambient.Begin(Priority.High, TimeSpan.FromSeconds(2));

        await rig.SendAsync();

        Assert.Empty(rig.Stub.Sent[0].Headers);
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(3000, true)]
    public async Task Send_GivenUp_IsDroppedOnlyWhereItTookFarTooLong(int milliseconds, bool dropped)
    {
        using var rig = new ClientRig();
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> call = rig.SendUntilAsync(leaving.Token);
        rig.Time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        Assert.Equal(dropped ? 1.0 : 0.0, rig.Client.Read());
    }

    [Fact]
    public async Task Destinations_BeyondTheBound_ShareOne_AndIdleOnesAreForgotten()
    {
        using var rig = new ClientRig(static options => options.MaxDestinations = 2);
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);
        for (int i = 0; i < 5; i++)
        {
            await rig.SendAsync(uri: string.Create(CultureInfo.InvariantCulture, $"http://host{i}/"));
        }

        Assert.Equal(["payments http://host0:80", "payments http://host1:80", "payments others"], Names(rig));
        Assert.Equal(3, rig.Client.Shedder.Settings.Downstreams.Count);

        rig.Time.Advance(TimeSpan.FromMinutes(6));
        await rig.SendAsync(uri: "http://host4/");
        Assert.Equal(["payments http://host4:80", "payments others"], Names(rig));
        Assert.Equal(2, rig.Client.Shedder.Settings.Downstreams.Count);
    }

    [Fact]
    public async Task Destinations_ThatAreInUse_AreNotForgotten()
    {
        using var rig = new ClientRig();
        Task<HttpResponseMessage> open = rig.SendAsync();
        rig.Time.Advance(TimeSpan.FromMinutes(6));
        Task<HttpResponseMessage> other = rig.SendAsync(uri: "http://other/");

        Assert.Contains("payments http://payments:80", Names(rig));
        rig.Stub.Finish();
        rig.Stub.Finish();
        await Task.WhenAll([open, other]);
    }

    [Fact]
    public async Task Read_IsTheShareThatIsShed_AndIsForgotten()
    {
        using var rig = new ClientRig();
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);
        await rig.SendAsync();
        Assert.Equal(0, rig.Client.Read());
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.ServiceUnavailable);
        await rig.SendAsync();
        Assert.Equal(0.5, rig.Client.Read());
        rig.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(0, rig.Client.Read());
    }

    [Fact]
    public async Task Send_OnAFreeGate_AllocatesNothing()
    {
        using var rig = new ClientRig(systemTime: true);
        using var answer = new HttpResponseMessage(HttpStatusCode.OK);
        Task<HttpResponseMessage> answered = Task.FromResult(answer);
        using var bare = new HttpMessageInvoker(new Instant(answered));
        using var gated = new HttpMessageInvoker(new Backpressure.Http.Sending.BackpressureHandler(rig.Client) { InnerHandler = new Instant(answered) });
        using var request = new HttpRequestMessage(HttpMethod.Get, Payments);
        request.Headers.TryAddWithoutValidation("User-Agent", "test");

        await AllocatedAsync(gated, request, 30_000);
        long ours = await AllocatedAsync(gated, request, 10_000);
        long theirs = await AllocatedAsync(bare, request, 10_000);

        // Windows close now and then, by whichever call is there.
        Assert.InRange(ours - theirs, long.MinValue, 10_000);
    }

    private static async Task<long> AllocatedAsync(HttpMessageInvoker http, HttpRequestMessage request, int calls)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < calls; i++)
        {
            Task<HttpResponseMessage> call = http.SendAsync(request, CancellationToken.None);
            Assert.True(call.IsCompletedSuccessfully);
            await call;
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static IEnumerable<string> Names(ClientRig rig) => rig.Client.Destinations.All.Select(d => d.Name).Order(StringComparer.Ordinal);

    private static int InFlight(ClientRig rig, Destination destination) =>
        (destination.ClassOf("GET", Priority.Normal).Resolved?.Downstream.Gate.InFlight).GetValueOrDefault();

    private sealed class Instant(Task<HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer;
    }
}
