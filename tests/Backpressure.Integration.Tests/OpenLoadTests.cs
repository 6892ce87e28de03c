using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using static Backpressure.Integration.Tests.OpenLoad;

namespace Backpressure.Integration.Tests;

/// <summary>The load that other tests judge by, against a server that answers half of it never.</summary>
public sealed class OpenLoadTests
{
    [Fact]
    public async Task Requests_AreSentWhenDue_WhateverBecomesOfThoseBefore()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using WebApplication app = builder.Build();
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.MapGet("/never", () => never.Task);
        app.MapGet("/now", () => "now");
        await app.StartAsync(TestContext.Current.CancellationToken);
        bool happened = false;

        IReadOnlyCollection<Answer> answers = await new OpenLoad(new Uri(app.Urls.First())).SendAsync(
            new Dictionary<string, int> { ["/never"] = 100, ["/now"] = 50 }, 0.5, (0.2, () => Task.FromResult(happened = true)));

        Assert.Equal((50, 25), (answers.Count(a => a.Path == "/never"), answers.Count(a => a.Path == "/now")));
        Assert.DoesNotContain(answers, a => a.Path == "/never" && a.Status is not null);
        Assert.Contains(answers, a => a.IsServed);
        Assert.True(happened);
        never.SetResult();
    }
}
