using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Backpressure.Http.Tests.Sockets;

/// <summary>Credits from a service's gate to a client's queue, over real sockets.</summary>
public sealed class CreditSocketTests : IDisposable
{
    private const int Limit = 4;
    private const int Offered = 20;

    private readonly SemaphoreSlim _turnstile = new(0);
    private readonly List<string?> _came = [];

    public void Dispose() => _turnstile.Dispose();

    [Fact]
    public async Task AClient_KeepsToWhatItIsGranted_SoThatNoneIsRefused()
    {
        await using Service payments = await StartAsync();
        await using var caller = new Caller(payments.Address);
        await LearnAsync(caller);
        Task<HttpResponseMessage>[] calls = Call(caller, Offered);

        // Its own place, and three that are free.
        await Service.EventuallyAsync(() => payments.LetIn == 1 + Limit && caller.Waiting == Offered - Limit, "four are in and all others wait where they are made");
        for (int served = 1; served <= Offered; served++)
        {
            _turnstile.Release();
            int now = served;
            await Service.EventuallyAsync(() => calls.Count(static call => call.IsCompleted) == now && payments.LetIn == 1 + Math.Min(Offered, Limit + now), $"after {now} the next has gone");
        }

        HttpResponseMessage[] answers = await Task.WhenAll(calls);
        Assert.All(answers, static answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(0, payments.Refused);
        Assert.Equal(1 + Offered, payments.Arrived);
    }

    [Fact]
    public async Task AClientThatKeepsToNothing_IsRefused()
    {
        await using Service payments = await StartAsync();
        await using var caller = new Caller(payments.Address, static options => options.Credits = false);
        await LearnAsync(caller);
        Task<HttpResponseMessage>[] calls = Call(caller, Offered);

        await Service.EventuallyAsync(() => calls.Count(static call => call.IsCompleted) == Offered - Limit, "all but four are answered");
        _turnstile.Release(Limit);
        HttpResponseMessage[] answers = await Task.WhenAll(calls);

        Assert.Equal(Limit, answers.Count(static answer => answer.IsSuccessStatusCode));
        Assert.InRange(payments.Refused, 1, Offered - Limit);
    }

    [Fact]
    public async Task AtZero_TheMoreImportantGoFirst()
    {
        await using Service payments = await StartAsync();
        await using var caller = new Caller(payments.Address, static options => options.MaxWait = TimeSpan.FromMinutes(1));
        await LearnAsync(caller, Priority.Critical);
        Task<HttpResponseMessage>[] held = Call(caller, Limit, Priority.Critical);
        await Service.EventuallyAsync(() => payments.LetIn == 1 + Limit, "four are in");
        Task<HttpResponseMessage> low = SendAsync(caller, Priority.Low);
        Task<HttpResponseMessage> critical = SendAsync(caller, Priority.Critical);
        Assert.Equal(2, caller.Waiting);

        _turnstile.Release();
        await Service.EventuallyAsync(() => payments.LetIn == 2 + Limit, "the next has gone");
        Assert.Equal(1, caller.Waiting);
        _turnstile.Release(Limit + 1);

        // What Critical is told speaks of Low too: it need not wait until that is old.
        HttpResponseMessage[] answers = await Task.WhenAll([.. held, low, critical]);

        Assert.All(answers, static answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(["Critical", "Low"], _came.TakeLast(2));
    }

    private static Task<HttpResponseMessage>[] Call(Caller caller, int times, Priority priority = Priority.Normal) =>
        [.. Enumerable.Range(0, times).Select(_ => SendAsync(caller, priority))];

    private static Task<HttpResponseMessage> SendAsync(Caller caller, Priority priority) =>
        caller.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/pay").WithPriority(priority), TestContext.Current.CancellationToken);

    private Task<Service> StartAsync() => Service.StartAsync(Limit, app => app.MapGet("/pay", async (HttpContext context) =>
    {
        lock (_came)
        {
            _came.Add(context.Request.Headers["Backpressure-Priority"]);
        }

        await _turnstile.WaitAsync(context.RequestAborted);
    }));

    private async Task LearnAsync(Caller caller, Priority priority = Priority.Normal)
    {
        _turnstile.Release();
        using HttpResponseMessage first = await SendAsync(caller, priority);
        Assert.Equal(["4;t=1"], first.Headers.GetValues("Backpressure-Credit"));
    }
}
