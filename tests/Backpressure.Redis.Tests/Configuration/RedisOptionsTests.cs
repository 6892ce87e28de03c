using Backpressure.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Backpressure.Redis.Tests.Configuration;

public sealed class RedisOptionsTests
{
    public static TheoryData<string, string?, string> Errors => new()
    {
        { "Redis:Configuration", null, "Backpressure:Redis:Configuration is required. Say where Redis is, such as redis:6379." },
        {
            "Redis:Configuration", "redis:6379,passwrd=secret",
            "Backpressure:Redis:Configuration is not what StackExchange.Redis takes: Keyword 'passwrd' is not supported. Write it as redis:6379,password=…,ssl=true."
        },
        { "Redis:Configuration", "password=secret", "Backpressure:Redis:Configuration is not what StackExchange.Redis takes: it names no host. Write it as redis:6379,password=…,ssl=true." },
        {
            "Redis:KeyPrefix", "shop{1}",
            "Backpressure:Redis:KeyPrefix (\"shop{1}\") must be 1 to 64 letters, digits, '.', '_', '-' and ':'. Choose such a text, or leave it out for backpressure."
        },
        {
            "Redis:Timeout", "00:00:00",
            "Backpressure:Redis:Timeout (00:00:00) must be from 00:00:00.001 to 00:00:05. Choose a duration in that range, or leave it out for 00:00:00.100."
        },
        {
            "Redis:Timeout", "00:00:06",
            "Backpressure:Redis:Timeout (00:00:06) must be from 00:00:00.001 to 00:00:05. Choose a duration in that range, or leave it out for 00:00:00.100."
        },
        {
            "Redis:WhenDisconnected", "Alow",
            "Backpressure:Redis:WhenDisconnected (\"Alow\") must be one of ReplicaLimit, Allow, Refuse. Did you mean Allow?"
        },
        { "Redis:Server", "x", "Backpressure:Redis:Server is not a known key. Remove it. Known here: Configuration, KeyPrefix, Timeout, WhenDisconnected." },
        {
            "RateLimits:L:Algorithm", "Concurrency",
            "Backpressure:RateLimits:L:Scope (Fleet) is not for Algorithm Concurrency, whose permits a replica that dies would keep. Choose TokenBucket, FixedWindow or SlidingWindow, or write Replica."
        },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task WrongConfiguration_StopsTheStart_AndSaysWhatToDo(string key, string? value, string error)
    {
        Dictionary<string, string?> keys = new() { ["RateLimits:L:Algorithm"] = "FixedWindow", ["RateLimits:L:PermitLimit"] = "1", [key] = value };
        await using Replica replica = Replica.Build("127.0.0.1:1", keys);

        BackpressureOptionsException refused = await Assert.ThrowsAsync<BackpressureOptionsException>(replica.StartAsync);

        Assert.Equal([error], refused.Errors);
    }

    [Fact]
    public async Task Errors_OfBothPackages_AreToldTogether()
    {
        await using Replica replica = Replica.Build("", new() { ["Redis:Timeout"] = "1", ["Mode"] = "Of" });

        BackpressureOptionsException refused = await Assert.ThrowsAsync<BackpressureOptionsException>(replica.StartAsync);

        Assert.Equal(
            ["Backpressure:Mode", "Backpressure:RateLimits:L:TokenLimit", "Backpressure:RateLimits:L:TokensPerPeriod", "Backpressure:Redis:Configuration", "Backpressure:Redis:Timeout"],
            refused.Errors.Select(static error => error.Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task FleetScope_WithoutAStore_StopsTheStart()
    {
        await using Replica replica = Replica.Build("127.0.0.1:1", Replica.Window(1), services: static services => services.RemoveAll<FleetStoreSection>());

        BackpressureOptionsException refused = await Assert.ThrowsAsync<BackpressureOptionsException>(replica.StartAsync);

        Assert.Equal(["Backpressure:RateLimits:L:Scope", "Backpressure:Redis"], refused.Errors.Select(static error => error.Split(' ')[0]).Order(StringComparer.Ordinal));
        Assert.Contains(refused.Errors, static error => error.Contains("AddBackpressureRedis", StringComparison.Ordinal));
    }

    [Fact]
    public void SecondStore_IsRefused()
    {
        IServiceCollection services = new ServiceCollection().AddBackpressureRedis(static options => options.Configuration = "redis");

        Assert.Throws<InvalidOperationException>(() => services.AddBackpressureRedis(static options => options.Configuration = "redis"));
    }
}
