using System.Text;
using Backpressure.AspNetCore.Dashboard;
using Backpressure.AspNetCore.Hosting;
using Backpressure.AspNetCore.Tests.Documentation;
using Backpressure.Configuration;
using Backpressure.Observability;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.AspNetCore.Tests.Dashboard;

public sealed class ConfigurationWatchTests
{
    private readonly StateChanges _changes = new(new FakeTimeProvider());

    [Fact]
    public void Rows_SayWhereEachValueComesFrom()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .Add(FileOf("appsettings.json", """{ "Backpressure": { "Policies": { "Checkout": { "Priority": "High", "MaxWait": "00:00:02" } }, "PriorityHeader": { "KnownIPNetworks": [ "10.0.0.0/8" ] } } }"""))
            .AddInMemoryCollection([new("Backpressure:Mode", "Observe")])
            .Add(FileOf("appsettings.Production.json", """{ "Backpressure": { "Policies": { "Checkout": { "MaxWait": "00:00:03" } } } }"""))
            .AddCommandLine(["--Backpressure:DefaultPolicy=Checkout"])
            .Build();
        ConfigurationWatch watch = WatchOf(configuration, static options => options.Policies["Checkout"] = new PolicyOptions { Cost = 3, Priority = Priority.Low });

        Assert.Equal(("00:00:03", "appsettings.Production.json"), Row(watch, "Policies:Checkout:MaxWait"));
        Assert.Equal(("High", "appsettings.json"), Row(watch, "Policies:Checkout:Priority"));
        Assert.Equal(("3", "code"), Row(watch, "Policies:Checkout:Cost"));
        Assert.Equal(("Shed", "default"), Row(watch, "Policies:Checkout:Overflow"));
        Assert.Equal(("Observe", "in memory (code)"), Row(watch, "Mode"));
        Assert.Equal(("Checkout", "command line"), Row(watch, "DefaultPolicy"));
        Assert.Equal(("10.0.0.0/8", "appsettings.json"), Row(watch, "PriorityHeader:KnownIPNetworks"));
        Assert.Equal(("none", "default"), Row(watch, "MaxConcurrentRequests"));
    }

    [Fact]
    public void Rows_NeverShowSecrets()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .Add(FileOf("appsettings.json", """{ "Backpressure": { "PriorityHeader": { "Claim": "role=7-of-diamonds" } } }"""))
            .Add(FileOf("secrets.json", """{ "Backpressure": { "PriorityHeader": { "Name": "X-Not-To-Be-Known" } } }"""))
            .Build();
        ConfigurationWatch watch = WatchOf(configuration);

        Assert.Equal(("role=(hidden)", "appsettings.json"), Row(watch, "PriorityHeader:Claim"));
        Assert.Equal(("(hidden)", "secrets.json"), Row(watch, "PriorityHeader:Name"));
        Assert.DoesNotContain(watch.Rows, row => row.Value.Contains("diamonds", StringComparison.Ordinal) || row.Value.Contains("Not-To-Be", StringComparison.Ordinal));
    }

    [Fact]
    public void Reload_IsToldByWhatItChanged()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Backpressure:Policies:Checkout:MaxWait", "00:00:02")]).Build();
        SettingsSource source = SourceOf(configuration, null);
        var watch = new ConfigurationWatch(source, new ConfigurationOrigins(source.Sections, configuration), _changes);
        watch.Look(source.Read());
        Assert.Empty(_changes.Read());

        configuration["Backpressure:Policies:Checkout:MaxWait"] = "00:00:05";
        watch.Look(source.Read());

        StateChange change = Assert.Single(_changes.Read());
        Assert.Equal(StateChangeKind.Reloaded, change.Kind);
        Assert.Equal("Policies:Checkout:MaxWait 00:00:02 → 00:00:05.", change.Text);
        Assert.Equal(2, watch.Number);
    }

    [Fact]
    public void Rows_OfSettingsThatCodePutInForce_AreNotMadeUp()
    {
        SettingsSource source = SourceOf(new ConfigurationBuilder().Build(), null);
        var watch = new ConfigurationWatch(source, new ConfigurationOrigins(source.Sections, null), _changes);

        watch.Look(SettingsFactory.Build(new BackpressureOptions { Mode = BackpressureMode.Off }));

        Assert.Contains("LoadShedder.Reconfigure", Assert.Single(watch.Rows).Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Listing_HasEveryKeyThatThereIs()
    {
        var keys = new HashSet<string>();
        foreach (LimitAlgorithm algorithm in Enum.GetValues<LimitAlgorithm>())
        {
            foreach (RateLimitAlgorithm rateLimit in Enum.GetValues<RateLimitAlgorithm>())
            {
                var options = new BackpressureOptions();
                options.Downstreams["{name}"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = algorithm } };
                options.Policies["{name}"] = new PolicyOptions();
                options.Routes["{name}"] = new RouteOptions();
                options.RateLimits["{name}"] = new RateLimitOptions { Algorithm = rateLimit };
                options.Signals["{name}"] = new SignalOptions { Soft = 1, Hard = 2 };
                keys.UnionWith(OptionsListing.Of(options).Select(static row => row.Key));
            }
        }

        Assert.Equal(OptionKey.All().Select(static key => key.Path).Order(StringComparer.Ordinal), keys.Order(StringComparer.Ordinal));
    }

    private ConfigurationWatch WatchOf(IConfigurationRoot configuration, Action<BackpressureOptions>? code = null)
    {
        SettingsSource source = SourceOf(configuration, code);
        var watch = new ConfigurationWatch(source, new ConfigurationOrigins(source.Sections, configuration), _changes);
        watch.Look(source.Read());
        return watch;
    }

    private static SettingsSource SourceOf(IConfiguration configuration, Action<BackpressureOptions>? code) => new(
        [new OptionsStep(null, configuration.GetSection("Backpressure")), .. code is null ? Array.Empty<OptionsStep>() : [new OptionsStep(code, null)]], [], null);

    private static (string Value, string Origin) Row(ConfigurationWatch watch, string key)
    {
        ConfigurationRow row = Assert.Single(watch.Rows, row => row.Key == key);
        return (row.Value, row.Origin);
    }

    private static JsonConfigurationSource FileOf(string name, string json)
    {
        var source = new JsonConfigurationSource { Path = name, FileProvider = new OneFile(json) };
        return source;
    }

    private sealed class OneFile(string text) : IFileProvider
    {
        public IDirectoryContents GetDirectoryContents(string subpath) => NotFoundDirectoryContents.Singleton;

        public IFileInfo GetFileInfo(string subpath) => new Content(subpath, text);

        public IChangeToken Watch(string filter) => NullChangeToken.Singleton;
    }

    private sealed class Content(string name, string text) : IFileInfo
    {
        public bool Exists => true;

        public long Length => text.Length;

        public string? PhysicalPath => null;

        public string Name => name;

        public DateTimeOffset LastModified => default;

        public bool IsDirectory => false;

        public Stream CreateReadStream() => new MemoryStream(Encoding.UTF8.GetBytes(text));
    }
}
