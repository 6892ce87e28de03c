using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Backpressure.Redis.Tests.Documentation;

/// <summary>README's code, compiled.</summary>
internal static class RedisSnippets
{
    public static void Services(WebApplicationBuilder builder)
    {
        builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpressure"));
        builder.Services.AddBackpressureRedis(builder.Configuration.GetSection("Backpressure:Redis"));
    }
}
