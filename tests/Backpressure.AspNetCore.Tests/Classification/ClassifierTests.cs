using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.Extensions.DependencyInjection;

namespace Backpressure.AspNetCore.Tests.Classification;

public sealed class ClassifierTests
{
    [Theory]
    [InlineData("GET", "/orders", "Block High Admitted")]
    [InlineData("POST", "/orders", "Reject Critical Admitted")]
    public async Task Controllers_GetWhatTheirAttributesSay(string method, string path, string expected)
    {
        await using Site site = await StartMvcAsync();

        HttpResponseMessage response = await site.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), TestContext.Current.CancellationToken);

        Assert.Equal(expected, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Action_WithDisableBackpressure_IsExemptInAControllerThatIsNot()
    {
        await using Site site = await StartMvcAsync();

        Assert.EndsWith(" Exempt", await site.Client.GetStringAsync("/orders/status", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RazorPage_GetsWhatItsModelSays()
    {
        await using Site site = await StartMvcAsync();

        Assert.Contains("stock: Block High Admitted", await site.Client.GetStringAsync("/stock", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/free", "Default Normal Exempt")]
    [InlineData("/group/one", "Block Low Admitted")]
    [InlineData("/group/two", "Reject Low Admitted")]
    [InlineData("/group/three", "Shed Critical Admitted")]
    [InlineData("/lambda", "Shed Normal Admitted")]
    public async Task MinimalApis_TheLastWins(string path, string expected)
    {
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.MapGet("/free", Seen).DisableBackpressure();
            var group = app.MapGroup("/group").RequireBackpressure("Block").WithPriority(Priority.Low);
            group.MapGet("/one", Seen);
            group.MapGet("/two", Seen).RequireBackpressure("Reject");
            group.MapGet("/three", Seen).DisableBackpressure().RequireBackpressure("Shed").WithPriority(Priority.Critical);
            app.MapGet("/lambda", [Backpressure("Shed")] (HttpContext context) => Seen(context));
        });

        Assert.Equal(expected, await site.Client.GetStringAsync(path, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("GET", "/checkout/basket", "Default Normal")]
    [InlineData("POST", "/checkout/basket", "Block Normal")]
    [InlineData("POST", "/own/basket", "Reject Normal")]
    [InlineData("POST", "/ranked/basket", "Block Low")]
    [InlineData("POST", "/nowhere", "Shed Normal")]
    public async Task Routes_GiveAPolicyWhereMetadataNamesNone(string method, string path, string expected)
    {
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.Map("/checkout/{id}", Seen);
                app.Map("/own/{id}", Seen).RequireBackpressure("Reject");
                app.Map("/ranked/{id}", Seen).WithPriority(Priority.Low);
                app.Run(context => context.Response.WriteAsync(Seen(context)));
            },
            builder => builder.Services.AddBackpressure(Site.OneAtATime).AddBackpressure(options =>
            {
                Add(options, "everything", "/{**rest}", "Block", order: 1);
                Add(options, "lost", "/nowhere", "Shed");
                options.Routes["reading"] = new RouteOptions { Match = { Path = "/{**rest}", Methods = { "GET" } }, Policy = "Default" };
            }));

        HttpResponseMessage response = await site.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), TestContext.Current.CancellationToken);

        Assert.Equal(expected + " Admitted", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    // Else an overloaded process fails its probes, and is restarted for it.
    [Theory]
    [InlineData("/{**rest}", "Reject", "Default Normal Exempt")]
    [InlineData("/{*rest}", "Reject", "Default Normal Exempt")]
    [InlineData("/{page}", "Reject", "Default Normal Exempt")]
    [InlineData("/{**rest}", "Free", "Free Normal Exempt")]
    [InlineData("/health", "Reject", "Reject Normal Admitted")]
    [InlineData("/health/{**rest}", "Reject", "Reject Normal Admitted")]
    [InlineData("/{probe:regex(^health$)}", "Reject", "Reject Normal Admitted")]
    public async Task HealthCheck_IsHeldBackOnlyByARouteThatNamesItsPath(string path, string policy, string expected)
    {
        string? seen = null;
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.Use((context, next) =>
                {
                    seen = Seen(context);
                    return next(context);
                });
                app.MapHealthChecks("/health");
                app.MapGet("/page", () => "page");
            },
            builder =>
            {
                builder.Services.AddHealthChecks();
                builder.Services.AddRouting(routing => routing.SetParameterPolicy<RegexInlineRouteConstraint>("regex"));
                builder.Services.AddBackpressure(Site.OneAtATime).AddBackpressure(options =>
                {
                    options.Policies["Free"] = new PolicyOptions { Exempt = true };
                    Add(options, "route", path, policy);
                });
            });

        await site.Client.GetAsync("/health", TestContext.Current.CancellationToken);
        string? ofProbe = seen;
        await site.Client.GetAsync("/page", TestContext.Current.CancellationToken);

        Assert.Equal(expected, ofProbe);
        if (!path.Contains("health", StringComparison.Ordinal))
        {
            Assert.StartsWith(policy, seen, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task HealthCheck_IsFoundByItsOwnRouteBehindOneForEverything()
    {
        string? seen = null;
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.Use((context, next) =>
                {
                    seen = Seen(context);
                    return next(context);
                });
                app.MapHealthChecks("/health");
            },
            builder =>
            {
                builder.Services.AddHealthChecks();
                builder.Services.AddBackpressure(Site.OneAtATime).AddBackpressure(options =>
                {
                    Add(options, "all", "/{**rest}", "Reject");
                    Add(options, "probe", "/health", "Block", order: 1);
                });
            });

        await site.Client.GetAsync("/health", TestContext.Current.CancellationToken);

        Assert.Equal("Block Normal Admitted", seen);
    }

    [Fact]
    public async Task PriorityHeader_LowersWhereItIsSwitchedOn()
    {
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", Seen);
            },
            builder => builder.Services.AddBackpressure(options => options.PriorityHeader.Lower = true));

        foreach ((string header, string expected) in new[] { ("u=6", "Low"), ("u=0", "Normal"), ("nonsense;;", "Normal"), ("u=\u0001", "Normal") })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.TryAddWithoutValidation("Priority", header);
            HttpResponseMessage response = await site.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal($"Default {expected} Admitted", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    // Farfetch: `X-Priority: 7` ended in an index out of range and a 500.
    [Theory]
    [InlineData("7")]
    [InlineData("-1")]
    [InlineData("99999999999")]
    [InlineData("Critical, Critical")]
    public async Task PriorityHeader_OutOfRange_IsNotAnError(string value)
    {
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.Use((context, next) =>
                {
                    context.Connection.RemoteIpAddress = IPAddress.Loopback;
                    return next(context);
                });
                app.UseBackpressure();
                app.MapGet("/", Seen);
            },
            builder => builder.Services.AddBackpressure(options => options.PriorityHeader.KnownIPNetworks.Add("127.0.0.0/8")));
        var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.TryAddWithoutValidation("Backpressure-Priority", value);

        HttpResponseMessage response = await site.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("Default Normal Admitted", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Deadline_ThatCannotBeMet_IsRefusedAndAMalformedOneIsNot()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.MapGet("/", busy.RunAsync).RequireBackpressure("Block");
        });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();

        HttpResponseMessage late = await SendAsync("0m");
        Task<HttpResponseMessage> malformed = SendAsync("tomorrow");
        await site.WaitersAsync(1);
        busy.Release(2);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, late.StatusCode);
        Assert.Contains("deadline_exceeded", await late.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await malformed).StatusCode);
        await first;

        Task<HttpResponseMessage> SendAsync(string timeout)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.TryAddWithoutValidation("grpc-timeout", timeout);
            return site.Client.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData(true, 200)]
    [InlineData(false, 429)]
    public async Task UserPartition_NeedsAuthenticationToHaveRun(bool authenticationFirst, int secondUser)
    {
        await using Site site = await Site.StartAsync(
            app =>
            {
                if (authenticationFirst)
                {
                    app.Use(Authenticate);
                }

                app.UseBackpressure();
                app.Use(Authenticate);
                app.MapGet("/", Seen);
            },
            builder => builder.Services.AddBackpressure(options =>
            {
                options.RateLimits["PerUser"] = new RateLimitOptions
                {
                    Algorithm = RateLimitAlgorithm.FixedWindow, PermitLimit = 1, Window = TimeSpan.FromMinutes(10), PartitionBy = "User",
                };
                options.Policies["Default"] = new PolicyOptions { RateLimit = "PerUser" };
            }));

        Assert.Equal(200, await StatusAsync("alice"));
        Assert.Equal(secondUser, await StatusAsync("bob"));
        Assert.Equal(429, await StatusAsync("alice"));

        async Task<int> StatusAsync(string user)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.Add("x-user", user);
            return (int)(await site.Client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode;
        }

        static Task Authenticate(HttpContext context, RequestDelegate next)
        {
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, context.Request.Headers["x-user"].ToString())], "test"));
            return next(context);
        }
    }

    [Fact]
    public async Task RateLimit_Spent_Answers429WithTheDraftsHeaders()
    {
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", Seen);
            },
            builder => builder.Services.AddBackpressure(options =>
            {
                options.RateLimits["PerKey"] = new RateLimitOptions
                {
                    Algorithm = RateLimitAlgorithm.FixedWindow, PermitLimit = 1, Window = TimeSpan.FromMinutes(1), PartitionBy = "Header:X-Api-Key",
                };
                options.Policies["Default"] = new PolicyOptions { RateLimit = "PerKey" };
            }));

        HttpResponseMessage[] responses =
        [
            await SendAsync("one"), await SendAsync("two"), await SendAsync("one"),
        ];

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], responses.Select(response => response.StatusCode));
        HttpResponseMessage refused = responses[2];
        Assert.Equal("\"PerKey\";q=1;w=60", Assert.Single(refused.Headers.GetValues("RateLimit-Policy")));
        Assert.Matches("^\"PerKey\";r=0;t=[0-9]+$", Assert.Single(refused.Headers.GetValues("RateLimit")));
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Contains("rate_limited", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        HttpResponseMessage call = await SendAsync("one", grpc: true);
        Assert.Equal(HttpStatusCode.OK, call.StatusCode);
        Assert.Equal("8", Assert.Single(call.Headers.GetValues("grpc-status")));

        Task<HttpResponseMessage> SendAsync(string key, bool grpc = false)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.Add("X-Api-Key", key);
            if (grpc)
            {
                request.Content = new ByteArrayContent([]);
                request.Content.Headers.ContentType = new("application/grpc");
            }

            return site.Client.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    private static string Seen(HttpContext context)
    {
        IBackpressureFeature feature = context.Features.Get<IBackpressureFeature>()!;
        return $"{feature.Policy} {feature.Priority} {feature.Decision}";
    }

    private static void Add(BackpressureOptions options, string name, string path, string policy, int order = 0)
        => options.Routes[name] = new RouteOptions { Match = { Path = path }, Policy = policy, Order = order };

    private static Task<Site> StartMvcAsync() => Site.StartAsync(
        app =>
        {
            app.UseBackpressure();
            app.MapControllers();
            app.MapRazorPages();
        },
        builder =>
        {
            builder.Services.AddBackpressure(Site.OneAtATime);
            builder.Services.AddControllers();
            builder.Services.AddRazorPages();
        });
}
