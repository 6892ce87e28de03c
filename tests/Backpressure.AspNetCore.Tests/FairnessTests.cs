using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Backpressure.AspNetCore.Tests;

/// <summary>Whose requests wait, from the request to the queue.</summary>
public sealed class FairnessTests
{
    [Theory]
    [InlineData("User")]
    [InlineData("Header:X-Tenant")]
    [InlineData("Claim:tenant")]
    [InlineData("Code")]
    public async Task FullQueue_OfOneTenantsRequests_GivesAPlaceToAnother(string by)
    {
        using var busy = new BusyHandler();
        await using Site site = await StartAsync(busy, by);
        Task<HttpResponseMessage> first = SendAsync(site, "heavy");
        await busy.EnteredAsync();
        Task<HttpResponseMessage> heavy = SendAsync(site, "heavy");
        await site.WaitersAsync(1);
        Task<HttpResponseMessage> evicted = SendAsync(site, "heavy");
        await site.WaitersAsync(2);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SendAsync(site, "heavy")).StatusCode);
        Task<HttpResponseMessage> light = SendAsync(site, "light");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await evicted).StatusCode);
        busy.Release(3);
        Assert.All(await Task.WhenAll(first, heavy, light), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    [Fact]
    public async Task FullQueue_WherePartitionsAreNone_GivesAwayNoPlace()
    {
        using var busy = new BusyHandler();
        await using Site site = await StartAsync(busy, "None");
        Task<HttpResponseMessage> first = SendAsync(site, "heavy");
        await busy.EnteredAsync();
        Task<HttpResponseMessage>[] waiting = [SendAsync(site, "heavy"), SendAsync(site, "heavy")];
        await site.WaitersAsync(2);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SendAsync(site, "light")).StatusCode);

        busy.Release(3);
        Assert.All(await Task.WhenAll([first, .. waiting]), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    [Fact]
    public async Task Partition_IsReadOnlyOfRequestsThatMeetAFullGate()
    {
        using var busy = new BusyHandler();
        var user = new CountingUser();
        await using Site site = await Site.StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                context.User = user;
                return next(context);
            });
            app.UseBackpressure();
            app.MapGet("/", busy.RunAsync).RequireBackpressure("Shed");
        });
        Task<HttpResponseMessage> first = SendAsync(site, "any");
        await busy.EnteredAsync();
        Assert.Equal(0, user.Reads);

        Task<HttpResponseMessage> second = SendAsync(site, "any");
        await site.WaitersAsync(1);

        Assert.True(user.Reads > 0);
        busy.Release(2);
        Assert.All(await Task.WhenAll(first, second), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    private static Task<Site> StartAsync(BusyHandler busy, string by) => Site.StartAsync(
        app =>
        {
            app.Use((context, next) =>
            {
                string tenant = context.Request.Headers["X-Tenant"].ToString();
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", tenant), new Claim("tenant", tenant)], "test"));
                return next(context);
            });
            app.UseBackpressure();
            app.MapGet("/", busy.RunAsync).RequireBackpressure("Shed");
        },
        builder => builder.Services
            .AddBackpressure(options =>
            {
                Site.OneAtATime(options);
                options.Downstreams["Default"].Queue.Capacity = 2;
                options.Downstreams["Default"].Queue.MinShare = 0;
                options.PartitionBy = "None";
                options.Policies["Shed"].PartitionBy = by == "Code" ? null : by;
            })
            .Configure<BackpressureHttpOptions>(options => options.Classify = (HttpContext context, ref RequestTraits traits) =>
                traits.Partition = by == "Code" ? context.Request.Headers["X-Tenant"].ToString() : null));

    private static Task<HttpResponseMessage> SendAsync(Site site, string tenant)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("X-Tenant", tenant);
        return site.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private sealed class CountingUser : ClaimsPrincipal
    {
        private int _reads;

        public CountingUser()
            : base(new ClaimsIdentity([new Claim("sub", "alice")], "test"))
        {
        }

        public int Reads => Volatile.Read(ref _reads);

        public override IEnumerable<Claim> Claims
        {
            get
            {
                Interlocked.Increment(ref _reads);
                return base.Claims;
            }
        }

        public override Claim? FindFirst(string type)
        {
            Interlocked.Increment(ref _reads);
            return base.FindFirst(type);
        }
    }
}
