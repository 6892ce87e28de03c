using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.AspNetCore.Tests.Running;

/// <summary>Who is told how many more, and how many.</summary>
public sealed class CreditsTests
{
    [Theory]
    [InlineData(CreditGrant.Known, "10.1.2.3", true)]
    [InlineData(CreditGrant.Known, "192.168.1.1", false)]
    [InlineData(CreditGrant.Everybody, "192.168.1.1", true)]
    [InlineData(CreditGrant.Nobody, "10.1.2.3", false)]
    public async Task AResponse_TellsThoseWhoMayKnow(CreditGrant grant, string address, bool told)
    {
        await using Site site = await StartAsync(grant, address, static options => options.PriorityHeader.KnownIPNetworks.Add("10.0.0.0/8"));

        using HttpResponseMessage response = await site.Client.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);

        // 4 units less its own, 8 places to wait, and its own place comes back.
        Assert.Equal(told ? "12;t=1" : null, Credit(response));
    }

    [Fact]
    public async Task ByDefault_NobodyIsTold()
    {
        await using Site site = await StartAsync(CreditGrant.Known, "127.0.0.1", static _ => { });

        using HttpResponseMessage response = await site.Client.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Null(Credit(response));
    }

    [Fact]
    public async Task WhatRunsAndWaits_IsTakenOff_AndCallersShareTheRest()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Site site = await StartAsync(CreditGrant.Everybody, "127.0.0.1", static options => options.PriorityHeader.KnownIPNetworks.Add("127.0.0.0/8"), release.Task);
        Task<HttpResponseMessage>[] held = [.. Enumerable.Range(0, 3).Select(_ => GetAsync(site, "/held"))];
        await site.ActiveAsync(3);

        // 8 places to wait, and its own; then as one of two callers 4 of them.
        Assert.Equal("9;t=1", Credit(await GetAsync(site, "/")));
        Assert.Equal("5;t=1", Credit(await GetAsync(site, "/", "second")));
        Assert.Equal("5;t=1", Credit(await GetAsync(site, "/", "second")));

        // One of three: 8 are 3, 3 and 2, with what does not divide going round.
        List<string?> third = [];
        for (int i = 0; i < 3; i++)
        {
            third.Add(Credit(await GetAsync(site, "/", "third")));
        }

        Assert.Equal(["3;t=1", "4;t=1", "4;t=1"], third.Order(StringComparer.Ordinal));
        release.SetResult();
        await Task.WhenAll(held);
    }

    [Fact]
    public async Task ARefusal_GrantsNothingUntilItsRetryAfter()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Site site = await StartAsync(CreditGrant.Everybody, "127.0.0.1", static _ => { }, release.Task, queue: 0);
        Task<HttpResponseMessage>[] held = [.. Enumerable.Range(0, 4).Select(_ => GetAsync(site, "/held"))];
        await site.ActiveAsync(4);

        using HttpResponseMessage refused = await GetAsync(site, "/");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal($"0;t={refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds:0}", Credit(refused));
        release.SetResult();
        await Task.WhenAll(held);
    }

    [Fact]
    public async Task WhatIsNotHeldBack_IsToldNothing()
    {
        await using Site site = await StartAsync(CreditGrant.Everybody, "127.0.0.1", static options => options.Mode = BackpressureMode.Observe);

        Assert.Null(Credit(await GetAsync(site, "/")));
        Assert.Null(Credit(await GetAsync(site, "/free")));
    }

    [Theory]
    [InlineData("one", CreditGrant.Everybody, false)]
    [InlineData("one;w=3", CreditGrant.Everybody, true)]
    [InlineData("one;w=0", CreditGrant.Everybody, false)]
    [InlineData("one;w=-3", CreditGrant.Everybody, false)]
    [InlineData("one;w=much", CreditGrant.Everybody, false)]
    [InlineData("one;w=3", CreditGrant.Nobody, false)]
    public async Task WhatCallersHoldBackAtItsWord_CountsAsDemand_AndALimitThatBindsThemGrows(string caller, CreditGrant grant, bool grows)
    {
        var time = new FakeTimeProvider();
        await using Site site = await StartAsync(
            grant, "127.0.0.1",
            static options =>
            {
                options.Downstreams["Default"].Limit = new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 4 };
                options.PriorityHeader.KnownIPNetworks.Add("127.0.0.0/8");
            },
            time: time);

        // One at a time: nobody ever meets a full gate.
        for (int i = 0; i < 200; i++)
        {
            await GetAsync(site, "/slow", caller);
        }

        string limit = await (await GetAsync(site, "/limit")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(grows, int.Parse(limit, CultureInfo.InvariantCulture) > 4);
    }

    [Fact]
    public async Task WhatIsHeldBack_IsBelievedOnlyOfThoseWhoAreKnown()
    {
        var time = new FakeTimeProvider();
        await using Site site = await StartAsync(
            CreditGrant.Everybody, "127.0.0.1", static options => options.Downstreams["Default"].Limit = new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 4 }, time: time);

        for (int i = 0; i < 200; i++)
        {
            await GetAsync(site, "/slow", "one;w=3");
        }

        Assert.Equal("4", await (await GetAsync(site, "/limit")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<HttpResponseMessage> GetAsync(Site site, string path, string? caller = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (caller is not null)
        {
            request.Headers.Add("Backpressure-Caller", caller);
        }

        return await site.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string? Credit(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Backpressure-Credit", out IEnumerable<string>? credit) ? Assert.Single(credit) : null;

    private static Task<Site> StartAsync(CreditGrant grant, string address, Action<BackpressureOptions> configure, Task? release = null, int queue = 8, TimeProvider? time = null) => Site.StartAsync(
        app =>
        {
            app.Use((context, next) =>
            {
                context.Connection.RemoteIpAddress = IPAddress.Parse(address);
                return next(context);
            });
            app.UseBackpressure();
            app.MapGet("/", static () => "done");
            app.MapGet("/held", async () => await (release ?? Task.CompletedTask));
            app.MapGet("/slow", () => (time as FakeTimeProvider)?.Advance(TimeSpan.FromMilliseconds(10)));
            app.MapGet("/limit", static (HttpContext context) => context.Features.Get<IBackpressureFeature>()!.Limit);
            app.MapGet("/free", static () => "done").DisableBackpressure();
        },
        builder => builder.Services.AddSingleton(time ?? new FakeTimeProvider()).AddBackpressure(options =>
        {
            options.Downstreams["Default"] = new DownstreamOptions
            {
                Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 4 },
                Queue = new QueueOptions { Capacity = queue },
            };
            options.Policies["Default"] = new PolicyOptions { Credits = grant };
            configure(options);
        }));
}
