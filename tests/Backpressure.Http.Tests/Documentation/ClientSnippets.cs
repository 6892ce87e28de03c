using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;

namespace Backpressure.Http.Tests.Documentation;

/// <summary>README's C# of "Calling others", line by line; README's tests compare it, and <see cref="ClientReadmeTests"/> run it.</summary>
internal static class ClientSnippets
{
    public static void Client(WebApplicationBuilder builder)
    {
        builder.Services.AddHttpClient("payments", client => client.BaseAddress = new Uri("https://payments"))
            .AddBackpressure(builder.Configuration.GetSection("Clients:payments"))
            .AddStandardResilienceHandler(options => options.Retry.WithinBudget());
    }

    public static Task<HttpResponseMessage> Call(HttpClient client)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/recommendations").WithPriority(Priority.Low);
        return client.SendAsync(request);
    }

    public static async Task Work(AmbientRequests ambient, HttpClient client)
    {
        using AmbientRequest job = ambient.Begin(Priority.Low, timeLeft: TimeSpan.FromSeconds(30));
        await client.PostAsync("/settle", content: null);
    }

    public static ResiliencePipeline<HttpResponseMessage> Pipeline()
    {
        return new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddRetry(new HttpRetryStrategyOptions())
            .AddRetryBudget()
            .AddBackpressure(new BackpressureStrategyOptions { MaxWait = TimeSpan.FromMilliseconds(200) })
            .Build();
    }
}
