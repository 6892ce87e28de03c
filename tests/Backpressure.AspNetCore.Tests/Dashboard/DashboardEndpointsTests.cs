using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.AspNetCore.Tests.Dashboard;

public sealed partial class DashboardEndpointsTests
{
    private static readonly string[] Paths = ["/backpressure", "/backpressure/events", "/backpressure/history?gate=Default"];

    [Fact]
    public async Task OutsideDevelopment_WithoutPolicy_AnswersNotFoundAndSaysSoOnce()
    {
        await using Site site = await Site.StartAsync(static app =>
        {
            app.UseBackpressure();
            app.MapBackpressureDashboard();
        });

        foreach (string path in Paths.Concat(Paths))
        {
            using HttpResponseMessage response = await site.Client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.Equal("", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        string said = Assert.Single(site.Logs.GetSnapshot(), record => record.Level == LogLevel.Warning).Message;
        Assert.Contains("/backpressure", said, StringComparison.Ordinal);
        Assert.Contains("RequireAuthorization", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutsideDevelopment_WhereAnybodyMayCome_IsClosedToo()
    {
        await using Site site = await Site.StartAsync(
            static app =>
            {
                app.UseAuthorization();
                app.UseBackpressure();
                app.MapBackpressureDashboard().RequireAuthorization("Operators").AllowAnonymous();
            },
            AddOperators);

        Assert.Equal(HttpStatusCode.NotFound, await StatusOfAsync(site, "/backpressure", "ops"));
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("shopper", HttpStatusCode.Forbidden)]
    [InlineData("ops", HttpStatusCode.OK)]
    public async Task OutsideDevelopment_WithPolicy_IsOpenToWhomThePolicySays(string? user, HttpStatusCode expected)
    {
        await using Site site = await Site.StartAsync(
            static app =>
            {
                app.UseAuthorization();
                app.UseBackpressure();
                app.MapBackpressureDashboard().RequireAuthorization("Operators");
            },
            AddOperators);

        foreach (string path in Paths)
        {
            Assert.Equal(expected, await StatusOfAsync(site, path, user));
        }
    }

    [Fact]
    public async Task Development_IsOpen()
    {
        await using Site site = await OpenSiteAsync();

        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(site, "/backpressure"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusOfAsync(site, "/backpressure/history?gate=Nowhere"));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    public async Task OtherMethods_AreNotAllowedAndChangeNothing(string method)
    {
        await using Site site = await OpenSiteAsync();
        object settings = site.Shedder.Settings;

        foreach (string path in Paths)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent("{\"Mode\":\"Off\"}", Encoding.UTF8, "application/json") };
            using HttpResponseMessage response = await site.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
            Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow.Order(StringComparer.Ordinal));
        }

        Assert.Same(settings, site.Shedder.Settings);
    }

    [Fact]
    public async Task Page_IsSelfContainedAndRunsNothingButItsOwn()
    {
        await using Site site = await OpenSiteAsync();

        using HttpResponseMessage response = await site.Client.GetAsync("/backpressure", TestContext.Current.CancellationToken);
        string html = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("DENY", response.Headers.GetValues("X-Frame-Options").Single());
        Assert.True(response.Headers.CacheControl!.NoStore);
        string policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        foreach (string element in new[] { "script", "style" })
        {
            string content = Assert.Single(Regex.Matches(html, $"<{element}>(.*?)</{element}>", RegexOptions.Singleline)).Groups[1].Value;
            string digest = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
            Assert.Contains($"{element}-src 'sha256-{digest}'", policy, StringComparison.Ordinal);
        }

        Assert.DoesNotMatch(ForeignAddress(), html);
        Assert.DoesNotMatch(InlineHandler(), html);
        Assert.Contains("uPlot (v", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_SendsNoBody()
    {
        await using Site site = await OpenSiteAsync();
        foreach (string path in Paths)
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, path);
            using HttpResponseMessage response = await site.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Streams_TakeNoSlotOfAFullGate()
    {
        using var handler = new BusyHandler();
        await using Site site = await OpenSiteAsync(app => app.MapGet("/work", handler.RunAsync).RequireBackpressure("Reject"));
        Task<HttpResponseMessage> working = site.Client.GetAsync("/work", TestContext.Current.CancellationToken);
        await handler.EnteredAsync();

        await using Events first = await Events.OpenAsync(site.Client);
        await using Events second = await Events.OpenAsync(site.Client);

        while ((await second.NextAsync("snapshot")).GetProperty("gates")[0].GetProperty("inFlight").GetInt32() != 1)
        {
            // Of the second before.
        }

        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(site, "/backpressure"));
        handler.Release();
        Assert.Equal(HttpStatusCode.OK, (await working).StatusCode);
    }

    [Fact]
    public async Task Streams_BeyondTheMost_AreTurnedAwayUntilOneIsClosed()
    {
        await using Site site = await OpenSiteAsync(configure: options => options.MaxPages = 2);
        await using Events first = await Events.OpenAsync(site.Client);
        Events second = await Events.OpenAsync(site.Client);

        using (HttpResponseMessage third = await site.Client.GetAsync("/backpressure/events", TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
            Assert.NotNull(third.Headers.RetryAfter);
        }

        await second.DisposeAsync();
        await Site.EventuallyAsync(() => StatusOfAsync(site, "/backpressure/events").GetAwaiter().GetResult() == HttpStatusCode.OK, "a place for a third");
    }

    [Fact]
    public async Task Streams_EndWhenTheHostStops()
    {
        await using Site site = await Site.StartOnKestrelAsync(
            static app =>
            {
                app.UseBackpressure();
                app.MapBackpressureDashboard();
            },
            static builder => AddOpen(builder, null));
        await using Events events = await Events.OpenAsync(site.Client);
        await events.NextAsync("snapshot");

        Task stopping = site.App.StopAsync(TestContext.Current.CancellationToken);
        while (await events.NextAsync() is not null)
        {
        }

        await stopping.WaitAsync(Site.Patience, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Streams_EndAfterAWhileSoThatAuthorizationIsAskedAgain()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using Site site = await OpenSiteAsync(time: time);
        await using Events events = await Events.OpenAsync(site.Client);
        await events.NextAsync("snapshot");

        time.Advance(TimeSpan.FromMinutes(15));

        while (await events.NextAsync() is not null)
        {
        }
    }

    [Fact]
    public async Task Options_ThatAreWrong_StopTheStartWithAllErrors()
    {
        BackpressureOptionsException thrown = await Assert.ThrowsAsync<BackpressureOptionsException>(() => OpenSiteAsync(configure: static options =>
        {
            options.MaxPages = 0;
            options.Partitions = 51;
        }));

        Assert.Equal(2, thrown.Errors.Count);
        Assert.Contains(thrown.Errors, error => error.Contains("MaxPages (0) must be 1 to 1000", StringComparison.Ordinal));
        Assert.Contains(thrown.Errors, error => error.Contains("Partitions (51) must be 0 to 50", StringComparison.Ordinal));
    }

    [Fact]
    public void Map_WithoutAddBackpressure_SaysWhatToCall()
    {
        WebApplicationBuilder builder = Site.CreateBuilder();
        using WebApplication app = builder.Build();

        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() => app.MapBackpressureDashboard());

        Assert.Contains("AddBackpressure", thrown.Message, StringComparison.Ordinal);
    }

    internal static Task<Site> OpenSiteAsync(
        Action<WebApplication>? map = null, Action<BackpressureDashboardOptions>? configure = null, TimeProvider? time = null, Action<WebApplicationBuilder>? build = null) => Site.StartAsync(
        app =>
        {
            app.UseBackpressure();
            app.MapBackpressureDashboard(configure: configure);
            map?.Invoke(app);
        },
        builder =>
        {
            AddOpen(builder, time);
            build?.Invoke(builder);
        });

    internal static void AddOpen(WebApplicationBuilder builder, TimeProvider? time)
    {
        builder.Environment.EnvironmentName = Environments.Development;
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        builder.Services.AddBackpressure(Site.OneAtATime);
    }

    private static async Task<HttpStatusCode> StatusOfAsync(Site site, string path, string? user = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (user is not null)
        {
            request.Headers.Add("X-User", user);
        }

        using HttpResponseMessage response = await site.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private static void AddOperators(WebApplicationBuilder builder)
    {
        builder.Services.AddBackpressure(Site.OneAtATime);
        builder.Services.AddAuthentication("Header").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("Header", null);
        builder.Services.AddAuthorizationBuilder().AddPolicy("Operators", static policy => policy.RequireUserName("ops"));
    }

    [GeneratedRegex("(?:src|href|action)=\"(?!data:,|#)|@import|url\\(|https?://(?!github\\.com/leeoniya/uPlot \\()", RegexOptions.IgnoreCase)]
    private static partial Regex ForeignAddress();

    [GeneratedRegex("<[^>]*\\son[a-z]+\\s*=|javascript:|<[^>]*\\sstyle=", RegexOptions.IgnoreCase)]
    private static partial Regex InlineHandler();

    private sealed class HeaderAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers["X-User"].ToString() is { Length: > 0 } user
                ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, user)], Scheme.Name)), Scheme.Name))
                : AuthenticateResult.NoResult());
    }
}
