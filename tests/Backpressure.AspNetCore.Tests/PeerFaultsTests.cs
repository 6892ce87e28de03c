using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.AspNetCore.Tests;

/// <summary>
/// Faults that were seen in Farfetch.LoadShedding 1.0.2 and in Microsoft.AspNetCore.RateLimiting 10, shown not to happen
/// here. Those that need sockets are in Kestrel/, header and reload faults in Classification/ and Hosting/.
/// </summary>
public sealed class PeerFaultsTests
{
    // Farfetch: the calculator ignores configured limits; more run than the limit; a wake-up is lost between "try" and "enqueue".
    [Fact]
    public async Task Farfetch_ManyWaiters_NeverRunBeyondTheConfiguredLimitAndAreAllServed()
    {
        int running = 0;
        int most = 0;
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", async () =>
                {
                    int now = Interlocked.Increment(ref running);
                    int seen;
                    while (now > (seen = Volatile.Read(ref most)) && Interlocked.CompareExchange(ref most, now, seen) != seen)
                    {
                    }

                    await Task.Yield();
                    Interlocked.Decrement(ref running);
                });
            },
            builder => builder.Services.AddBackpressure(options =>
            {
                options.Downstreams["Default"] = new DownstreamOptions
                {
                    Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 3 }, Queue = new QueueOptions { BlockCapacity = 100 },
                };
                options.Policies["Default"] = new PolicyOptions { Overflow = Overflow.Block, MaxWait = TimeSpan.FromMinutes(5) };
            }));

        int[] served = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                using HttpResponseMessage response = await site.Client.GetAsync("/", CancellationToken.None);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }

            return 100;
        })).ToArray()).WaitAsync(Site.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(3200, served.Sum());
        Assert.InRange(most, 1, 3);
        await site.ActiveAsync(0);
    }

    // Farfetch: strict priority starves whoever is below.
    [Fact]
    public async Task Farfetch_LowPriority_IsNotStarvedByCritical()
    {
        var order = new List<Priority>();
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/critical", Handle).WithPriority(Priority.Critical);
                app.MapGet("/low", Handle).WithPriority(Priority.Low);
            },
            builder => builder.Services.AddBackpressure(options =>
            {
                Site.OneAtATime(options);
                options.Downstreams["Default"].Queue.Capacity = 1000;
                options.Downstreams["Default"].Queue.MinShare = 0.1;
                options.Policies["Default"] = new PolicyOptions { Overflow = Overflow.Shed, MaxWait = TimeSpan.FromMinutes(5) };
            }));
        var all = new List<Task<HttpResponseMessage>> { site.Client.GetAsync("/critical", TestContext.Current.CancellationToken) };
        await busy.EnteredAsync();
        all.Add(site.Client.GetAsync("/low", TestContext.Current.CancellationToken));
        await site.WaitersAsync(1);
        all.AddRange(Enumerable.Range(0, 60).Select(_ => site.Client.GetAsync("/critical", TestContext.Current.CancellationToken)));
        await site.WaitersAsync(61);

        busy.Release(62);

        Assert.All(await Task.WhenAll(all), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.InRange(order.IndexOf(Priority.Low), 0, 30);

        Task Handle(HttpContext context)
        {
            lock (order)
            {
                order.Add(context.Features.Get<IBackpressureFeature>()!.Priority);
            }

            return busy.RunAsync();
        }
    }

    // Farfetch: no queue time-out by default. The framework: none at all.
    [Fact]
    public async Task Farfetch_QueueTimeout_IsHalfASecondByDefault()
    {
        var time = new FakeTimeProvider();
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/", busy.RunAsync);
            },
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Services.AddBackpressure(options => options.Downstreams["Default"] = new DownstreamOptions
                {
                    Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 },
                });
            });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();
        Task<HttpResponseMessage> second = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await site.WaitersAsync(1);

        time.Advance(TimeSpan.FromMilliseconds(450));
        Assert.Equal(1, site.Measure("backpressure.queue.depth"));
        time.Advance(TimeSpan.FromMilliseconds(100));
        HttpResponseMessage response = await second.WaitAsync(Site.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("max_wait_elapsed", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        busy.Release();
        await first;
    }

    // Farfetch: gauges named as counters.
    [Fact]
    public async Task Farfetch_Instruments_AreNotNamedAfterWhatTheyAreNot()
    {
        var names = new List<string>();
        await using Site site = await Site.StartAsync(app => app.UseBackpressure());
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == "Backpressure" && instrument.Meter.Scope == site.App.Services.GetRequiredService<IMeterFactory>())
            {
                names.Add(instrument.Name);
            }
        };
        listener.Start();

        Assert.NotEmpty(names);
        Assert.All(names, name =>
        {
            Assert.StartsWith("backpressure.", name, StringComparison.Ordinal);
            Assert.DoesNotContain("total", name, StringComparison.Ordinal);
        });
    }

    // The framework: waiting for the endpoint's limiter holds the global permit, so one slow endpoint stops all.
    [Fact]
    public async Task RateLimiting_WaitersAtOneDownstream_HoldNothingOfAnother()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(
            app =>
            {
                app.UseBackpressure();
                app.MapGet("/orders", busy.RunAsync).RequireBackpressure("Orders");
                app.MapGet("/search", () => "found").RequireBackpressure("Search");
            },
            builder => builder.Services.AddBackpressure(options =>
            {
                foreach (string name in new[] { "Orders", "Search" })
                {
                    options.Downstreams[name] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 } };
                    options.Policies[name] = new PolicyOptions { Downstream = name, Overflow = Overflow.Block };
                }
            }));
        Task<HttpResponseMessage>[] orders = [.. Enumerable.Range(0, 10).Select(_ => site.Client.GetAsync("/orders", TestContext.Current.CancellationToken))];
        await busy.EnteredAsync();
        await site.WaitersAsync(9);

        Assert.Equal("found", await site.Client.GetStringAsync("/search", TestContext.Current.CancellationToken));

        busy.Release(10);
        await Task.WhenAll(orders);
    }

    // The framework: 503 with an empty body and no Retry-After for a concurrency limit.
    [Fact]
    public async Task RateLimiting_RejectionByConcurrency_SaysWhenToComeBack()
    {
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            app.MapGet("/", busy.RunAsync);
        });
        Task<HttpResponseMessage> first = site.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await busy.EnteredAsync();

        HttpResponseMessage response = await site.Client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.NotNull(response.Headers.RetryAfter);
        Assert.NotEmpty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        busy.Release();
        await first;
    }

    // The framework: no priority.
    [Fact]
    public async Task RateLimiting_Waiters_PassByPriority()
    {
        var order = new List<string>();
        using var busy = new BusyHandler();
        await using Site site = await Site.StartAsync(app =>
        {
            app.UseBackpressure();
            foreach (Priority priority in Enum.GetValues<Priority>())
            {
                app.MapGet($"/{priority}", async () =>
                {
                    order.Add(priority.ToString());
                    await busy.RunAsync();
                }).RequireBackpressure("Shed").WithPriority(priority);
            }
        });
        var all = new List<Task> { site.Client.GetAsync("/Normal", TestContext.Current.CancellationToken) };
        await busy.EnteredAsync();
        foreach ((string path, int waiters) in new[] { ("/Low", 1), ("/High", 2), ("/Normal", 3), ("/Critical", 4) })
        {
            all.Add(site.Client.GetAsync(path, TestContext.Current.CancellationToken));
            await site.WaitersAsync(waiters);
        }

        busy.Release(5);
        await Task.WhenAll(all);

        Assert.Equal(["Normal", "Critical", "High", "Normal", "Low"], order);
    }
}
