using System.Globalization;
using System.Net;
using Backpressure.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Timeout;

namespace Chain.Services;

/// <summary>How a service calls the next one. The two runs differ in two lines: the handler, and the budget of the retry.</summary>
internal static class NextService
{
    public static void AddNextService(this WebApplicationBuilder builder, ServiceSettings settings, string client, TimeSpan attempt)
    {
        IHttpClientBuilder next = builder.Services.AddHttpClient(client, http => http.BaseAddress = settings.Next);
        if (settings.Protected)
        {
            // Before the retry, so that it stands outside: a call holds one slot with all its attempts.
            next.AddBackpressure(builder.Configuration.GetSection($"Clients:{client}"));
        }

        next.AddResilienceHandler("again", pipeline =>
        {
            HttpRetryStrategyOptions retry = new()
            {
                MaxRetryAttempts = Scenario.MoreAttempts,
                Delay = Scenario.FirstRetryAfter,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            };
            if (settings.Protected)
            {
                retry.WithinBudget();
            }

            pipeline.AddRetry(retry).AddTimeout(attempt);
        });
    }

    /// <summary>Calls it for a request, and answers as it does.</summary>
    public static async Task CallAsync(HttpContext context, string client, string path)
    {
        using HttpClient http = context.RequestServices.GetRequiredService<IHttpClientFactory>().CreateClient(client);
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (context.Request.Headers.TryGetValue(Counters.SlowedHeader, out Microsoft.Extensions.Primitives.StringValues slowed))
        {
            request.Headers.TryAddWithoutValidation(Counters.SlowedHeader, slowed.ToString());
        }

        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            if (response.Headers.RetryAfter?.Delta is { } delta)
            {
                context.Response.Headers.RetryAfter = delta.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
            }
        }
        catch (TimeoutRejectedException)
        {
            context.Response.StatusCode = (int)HttpStatusCode.GatewayTimeout;
        }
        catch (HttpRequestException)
        {
            context.Response.StatusCode = (int)HttpStatusCode.BadGateway;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
        }
    }
}
