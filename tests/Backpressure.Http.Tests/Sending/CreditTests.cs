using System.Net;
using Backpressure.Http.Responses;
using Backpressure.Http.Sending;

namespace Backpressure.Http.Tests.Sending;

/// <summary>A client that keeps to what its destination grants, in virtual time.</summary>
public sealed class CreditTests
{
    [Fact]
    public async Task Send_WithoutCredit_WaitsInPriorityOrderAndGoesWhenSomeIsGranted()
    {
        using ClientRig rig = await GrantedAsync("0;t=60", static options => options.MaxWait = TimeSpan.FromSeconds(30));
        Task<HttpResponseMessage> low = rig.SendAsync(Priority.Low);
        Task<HttpResponseMessage> normal = rig.SendAsync();
        Task<HttpResponseMessage> critical = rig.SendAsync(Priority.Critical);
        Assert.Equal(0, rig.Stub.Open);

        rig.Client.Destinations.All.First().Credits.Grant(Priority.Low, [1], TimeSpan.FromSeconds(60));
        List<string> order = [];
        for (int i = 0; i < 3; i++)
        {
            // An answer that grants nothing anew gives back what it has used.
            await rig.Stub.OpenAsync(1);
            Assert.Equal(1, rig.Stub.Open);
            HttpRequestMessage sent = rig.Stub.Finish();
            order.Add(sent.Headers.TryGetValues("Backpressure-Priority", out IEnumerable<string>? said) ? said.Single() : "none");
        }

        await Task.WhenAll(low, normal, critical).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(["Critical", "none", "Low"], order);
    }

    [Fact]
    public async Task Send_AfterAGrant_SendsNoMoreThanThat()
    {
        using ClientRig rig = await GrantedAsync("3");
        Task<HttpResponseMessage>[] calls = [.. Enumerable.Range(0, 5).Select(_ => rig.SendAsync())];

        Assert.Equal(3, rig.Stub.Open);
        Assert.Equal(2, rig.Client.Destinations.All.First().Credits.Waiting);
        for (int i = 0; i < 5; i++)
        {
            // An answer that grants nothing anew gives back what it has used.
            await rig.Stub.OpenAsync(1);
            rig.Stub.Finish();
        }

        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task Send_WithoutCredit_GoesWhenAnAnswerToAnotherPriorityTellsOfRoom()
    {
        using ClientRig rig = await GrantedAsync("5;t=60;h=0", static options => options.MaxWait = TimeSpan.FromSeconds(30));
        Task<HttpResponseMessage> low = rig.SendAsync(Priority.Low);
        Assert.Equal(0, rig.Stub.Open);

        rig.Stub.Answer = static _ => Granting("5;t=60;h=4;n=3;l=1");
        await Task.WhenAll(low, rig.SendAsync(Priority.Critical)).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Send_OfAChainThatHasComeBack_WaitsForNoCreditThatItsOwnCallerHolds()
    {
        using ClientRig rig = await GrantedAsync("1;t=60", static options => options.MaxWait = TimeSpan.FromMinutes(1));

        Assert.Equal(["no_credit"], await rig.RefusalOnTheWayBackAsync());
    }

    [Fact]
    public async Task Send_WithoutCreditInTime_IsRefusedAndCounted()
    {
        using ClientRig rig = await GrantedAsync("0;t=60");
        Task<HttpResponseMessage> waiting = rig.SendAsync();
        rig.Time.Advance(TimeSpan.FromMilliseconds(510));

        using HttpResponseMessage refused = await waiting;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(["no_credit"], refused.Headers.GetValues(LocalRefusal.ReasonHeader));
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
        Assert.Equal(0.5, rig.Client.Read());
    }

    [Fact]
    public async Task Send_WithoutCreditUntilItsDeadline_IsRefusedForThat()
    {
        using ClientRig rig = await GrantedAsync("0;t=60");
        using AmbientRequest request = rig.Ambient.Begin(Priority.Normal, TimeSpan.FromMilliseconds(100));
        Task<HttpResponseMessage> waiting = rig.SendAsync();
        rig.Time.Advance(TimeSpan.FromMilliseconds(110));

        using HttpResponseMessage refused = await waiting;
        Assert.Equal(["deadline_exceeded"], refused.Headers.GetValues(LocalRefusal.ReasonHeader));
    }

    [Fact]
    public async Task Send_WhenTheGrantIsOld_OneProbeGoesAndItsAnswerFreesTheRest()
    {
        using ClientRig rig = await GrantedAsync("0;t=1", static options => options.MaxWait = TimeSpan.FromSeconds(30));
        Task<HttpResponseMessage>[] calls = [.. Enumerable.Range(0, 5).Select(_ => rig.SendAsync())];
        rig.Time.Advance(TimeSpan.FromMilliseconds(1010));
        await rig.Stub.OpenAsync(1);
        Assert.Equal(1, rig.Stub.Open);

        // Its answer is lost: another one goes a second later, and this time one comes.
        rig.Stub.Finish(exception: new HttpRequestException("The line is dead."));
        await Assert.ThrowsAsync<HttpRequestException>(() => Task.WhenAny(calls).Unwrap());
        await rig.Stub.OpenAsync(1);
        rig.Stub.Answer = static _ => Granting("10;t=1");
        rig.Stub.Finish();
        rig.Time.Advance(TimeSpan.FromSeconds(5));
        await Task.WhenAll(calls.Where(static call => !call.IsFaulted));
    }

    [Fact]
    public async Task Send_WhenItsAnswerIsLost_ItsCreditComesBack()
    {
        using ClientRig rig = await GrantedAsync("1;t=60");
        Task<HttpResponseMessage> lost = rig.SendAsync();
        Task<HttpResponseMessage> next = rig.SendAsync();
        Assert.Equal(1, rig.Stub.Open);

        rig.Stub.Finish(exception: new HttpRequestException("The line is dead."));
        await Assert.ThrowsAsync<HttpRequestException>(() => lost);
        await rig.Stub.OpenAsync(1);
        rig.Stub.Finish();
        await next;
    }

    [Fact]
    public async Task Send_WhenTheGateRefusesIt_ItsCreditComesBack()
    {
        using ClientRig rig = await GrantedAsync("2;t=60", static options =>
        {
            options.Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 };
            options.Queue.Capacity = 0;
        });
        Task<HttpResponseMessage> running = rig.SendAsync();

        // A queue of none has no place for credits either, but this one need not wait for any.
        using HttpResponseMessage refused = await rig.SendAsync();
        Assert.Equal(["queue_full"], refused.Headers.GetValues(LocalRefusal.ReasonHeader));
        rig.Stub.Finish();
        await running;
        Task<HttpResponseMessage> third = rig.SendAsync();
        rig.Stub.Finish();
        await third;
    }

    [Fact]
    public async Task Send_WhenTooManyWait_TheLastOfTheLowestGivesItsPlace()
    {
        using ClientRig rig = await GrantedAsync("0;t=60", static options => options.Queue.Capacity = 2);
        Task<HttpResponseMessage> first = rig.SendAsync(Priority.Low);
        Task<HttpResponseMessage> second = rig.SendAsync(Priority.Low);
        Task<HttpResponseMessage> third = rig.SendAsync(Priority.Low);
        Task<HttpResponseMessage> critical = rig.SendAsync(Priority.Critical);

        Assert.Equal(["no_credit"], (await third).Headers.GetValues(LocalRefusal.ReasonHeader));
        Assert.Equal(["no_credit"], (await second).Headers.GetValues(LocalRefusal.ReasonHeader));
        Assert.False(first.IsCompleted);
        rig.Client.Destinations.All.First().Credits.Stop();
        await rig.Stub.OpenAsync(2);
        rig.Stub.Finish();
        rig.Stub.Finish();
        await Task.WhenAll(first, critical);
    }

    [Fact]
    public async Task Send_WhenItsCallerLeaves_WaitsNoLonger()
    {
        using ClientRig rig = await GrantedAsync("0;t=60");
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> waiting = rig.SendUntilAsync(leaving.Token);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, rig.Client.Destinations.All.First().Credits.Waiting);
    }

    [Fact]
    public async Task Send_ToWhoGrants_TellsWhoItIs_AndToOthersNot()
    {
        using ClientRig rig = await GrantedAsync("10");
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);
        await rig.SendAsync();
        await rig.SendAsync(uri: "http://other/");

        Assert.False(rig.Stub.Sent[0].Headers.Contains("Backpressure-Caller"));
        Assert.Equal([rig.Client.Caller], rig.Stub.Sent[1].Headers.GetValues("Backpressure-Caller"));
        Assert.False(rig.Stub.Sent[2].Headers.Contains("Backpressure-Caller"));
    }

    [Fact]
    public async Task Send_WhileOthersWaitForACredit_TellsHowMany()
    {
        using ClientRig rig = await GrantedAsync("0;t=60", static options => options.MaxWait = TimeSpan.FromMinutes(2));
        rig.Stub.Answer = static _ => Stub.Status(HttpStatusCode.OK);
        Task<HttpResponseMessage>[] calls = [rig.SendAsync(), rig.SendAsync(), rig.SendAsync()];
        Assert.Single(rig.Stub.Sent);

        // The grant is old: one goes to find out.
        rig.Time.Advance(TimeSpan.FromSeconds(61));
        await Task.WhenAll(calls).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal($"{rig.Client.Caller};w=2", Assert.Single(rig.Stub.Sent[1].Headers.GetValues("Backpressure-Caller")));
    }

    [Fact]
    public void Send_Again_TellsAnewHowManyWait()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");

        CallHeaders.CarryCaller(request, "one", 2);
        CallHeaders.CarryCaller(request, "one", 0);
        Assert.Equal(["one"], request.Headers.GetValues("Backpressure-Caller"));

        CallHeaders.CarryCaller(request, "another", 3);
        Assert.Equal(["one"], request.Headers.GetValues("Backpressure-Caller"));
    }

    [Fact]
    public async Task Send_WhereCreditsAreSwitchedOff_WaitsForNone()
    {
        using ClientRig rig = await GrantedAsync("0;t=60", static options => options.Credits = false);
        Task<HttpResponseMessage> call = rig.SendAsync();

        Assert.Equal(1, rig.Stub.Open);
        rig.Stub.Finish();
        await call;
    }

    [Fact]
    public async Task Reload_ThatSwitchesCreditsOff_LetsThoseThroughWhoWait()
    {
        using ClientRig rig = await GrantedAsync("0;t=60");
        Task<HttpResponseMessage> call = rig.SendAsync();

        rig.Client.Reconfigure(Backpressure.Http.Destinations.ClientSettings.Of("payments", new BackpressureClientOptions { Credits = false }));
        await rig.Stub.OpenAsync(1);
        rig.Stub.Finish();
        await call;
    }

    [Fact]
    public async Task SendSynchronously_SpendsCreditsToo()
    {
        using ClientRig rig = await GrantedAsync("0;t=60", static options => options.Queue.Capacity = 0);
#pragma warning disable CA1849 // The way that blocks is what is tested.
        using HttpResponseMessage refused = rig.Http.Send(new HttpRequestMessage(HttpMethod.Get, "http://payments/pay"), TestContext.Current.CancellationToken);
#pragma warning restore CA1849

        Assert.Equal(["no_credit"], refused.Headers.GetValues(LocalRefusal.ReasonHeader));
    }

    [Theory]
    [InlineData("12;t=3", 12, 3)]
    [InlineData(" 0 ; t=999", 0, 60)]
    [InlineData("5", 5, 1)]
    [InlineData("5;x=9;t=2", 5, 2)]
    [InlineData("5;t=soon", 5, 1)]
    [InlineData("-1;t=1", null, 0)]
    [InlineData("many", null, 0)]
    [InlineData("2147483647", null, 0)]
    [InlineData("12;t=3;n=7;l=2", 12, 3, 7, 2)]
    [InlineData("12;l=0", 12, 1, 12, 0)]
    [InlineData("12;l=2;n=7;t=3", 12, 3, 7, 2)]
    [InlineData("12;n=4", 12, 1, 4, 4)]
    [InlineData("12;c=1;h=2;l=-2;n=2147483647;=;x", 12, 1)]
    public void CreditHeader_IsRead(string text, int? credit, int seconds, int? normal = null, int? low = null)
    {
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation("Backpressure-Credit", text);

        int[] found = new int[3];
        bool read = CreditHeader.TryRead(response, Priority.High, found, out TimeSpan goodFor);

        Assert.Equal(credit is not null, read);
        if (read)
        {
            Assert.Equal([credit!.Value, normal ?? credit.Value, low ?? credit.Value], found);
            Assert.Equal(TimeSpan.FromSeconds(seconds), goodFor);
        }
    }

    private static async Task<ClientRig> GrantedAsync(string credit, Action<BackpressureClientOptions>? configure = null)
    {
        var rig = new ClientRig(configure);
        rig.Stub.Answer = _ => Granting(credit);
        await rig.SendAsync(Priority.Critical);
        rig.Stub.Answer = null;
        return rig;
    }

    private static HttpResponseMessage Granting(string credit)
    {
        HttpResponseMessage response = Stub.Status(HttpStatusCode.OK);
        response.Headers.TryAddWithoutValidation("Backpressure-Credit", credit);
        return response;
    }
}
