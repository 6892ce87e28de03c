using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Tests;

public sealed class GuardedLoggerTests
{
    [Fact]
    public async Task Callbacks_ThatThrow_CostNoRequestEvenWhereTheLoggerThrows()
    {
        using var busy = new BusyHandler();
        await using Site site = await StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", busy.RunAsync);
            },
            services => services.Configure<BackpressureHttpOptions>(options =>
            {
                options.Classify = (HttpContext _, ref RequestTraits _) => throw new InvalidOperationException("classify");
                options.OutcomeOf = (_, _) => throw new InvalidOperationException("outcome");
                options.OnRejected = (_, _) => throw new InvalidOperationException("rejected");
            }));
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();

        HttpResponseMessage second = await site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        busy.Release();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        Assert.Equal("application/problem+json", second.Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        await site.ActiveAsync(0);
    }

    [Fact]
    public async Task Misplacement_CostsNoRequestWhereTheLoggerThrows()
    {
        await using Site site = await StartAsync(app =>
        {
            app.UseBackpressure();
            app.UseRouting();
            app.MapGet("/", () => "here").RequireBackpressure("Block");
        });

        Assert.Equal("here", await site.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task FaultOfOurOwn_IsLetThroughWhereTheLoggerThrows()
    {
        await using Site site = await StartAsync(
            app =>
            {
                app.Use((context, next) =>
                {
                    context.Features.Set<IHttpConnectionFeature>(new NoConnection());
                    return next(context);
                });
                app.UseBackpressure();
                app.MapGet("/", () => "here");
            },
            services => services.AddBackpressure(options => options.PriorityHeader.KnownIPNetworks.Add("10.0.0.0/8")));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Backpressure-Priority", "High");

        HttpResponseMessage response = await site.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("here", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Reload_TakesEffectWhereTheLoggerThrows()
    {
        var configuration = new ConfigurationManager();
        await using Site site = await StartAsync(app => app.UseBackpressure(), services => services.AddBackpressure(configuration));

        configuration["Downstreams:Default:Limit:Value"] = "9";
        ((IConfigurationRoot)configuration).Reload();

        Assert.Equal(9, site.Measure("backpressure.limit"));
    }

    private static Task<Site> StartAsync(Action<WebApplication> configure, Action<IServiceCollection>? build = null) => Site.StartAsync(
        configure,
        builder =>
        {
            builder.Services.AddSingleton<ILoggerProvider, FullDisk>();
            builder.Services.AddBackpressure(Site.OneAtATime);
            build?.Invoke(builder.Services);
        });

    private sealed class FullDisk : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName)
            => categoryName.StartsWith("Backpressure", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => throw new IOException("There is not enough space on the disk.");

        public void Dispose()
        {
        }
    }

    private sealed class NoConnection : IHttpConnectionFeature
    {
        public string ConnectionId { get; set; } = "";

        public System.Net.IPAddress? RemoteIpAddress { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public System.Net.IPAddress? LocalIpAddress { get; set; }

        public int RemotePort { get; set; }

        public int LocalPort { get; set; }
    }
}
