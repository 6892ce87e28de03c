using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Backpressure.AspNetCore.Rejection;
using Backpressure.Configuration;
using Backpressure.Observability;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.AspNetCore.Tests.Documentation;

public sealed class ReadmeTests
{
    private static readonly Readme Text = Readme.Read();

    private static readonly string[] CompiledFiles =
    [
        "samples/QuickStart/Program.cs",
        "tests/Backpressure.AspNetCore.Tests/Documentation/ReadmeSnippets.cs",
        "tests/Backpressure.Http.Tests/Documentation/ClientSnippets.cs",
        "tests/Backpressure.Kafka.Tests/Documentation/KafkaSnippets.cs",
        "tests/Backpressure.Redis.Tests/Documentation/RedisSnippets.cs",
    ];

    public static TheoryData<int> JsonBlocks => [.. Enumerable.Range(0, Text.Blocks("json", "jsonc").Count)];

    public static TheoryData<int> CodeBlocks => [.. Enumerable.Range(0, Text.Blocks("csharp").Count)];

    [Theory]
    [MemberData(nameof(JsonBlocks))]
    public void JsonBlock_IsAValidConfiguration(int block)
    {
        IConfigurationSection section = ConfigurationOf(block);
        bool valid = SettingsFactory.TryBuild(section, null, out _, out IReadOnlyList<string> errors, Stores.Of(section));

        Assert.True(valid, string.Join('\n', errors));
    }

    [Fact]
    public void JsonBlocks_ShowEveryKey()
    {
        string shown = string.Join('\n', Text.Blocks("json", "jsonc").SelectMany(lines => lines));

        Assert.All(OptionKey.All(), key => Assert.Contains($"\"{key.Name}\":", shown, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(CodeBlocks))]
    public void CodeBlock_IsCompiledCode(int block)
    {
        string[] wanted = LinesOf(string.Join('\n', Text.Blocks("csharp")[block]));

        Assert.NotEmpty(wanted);
        Assert.True(Array.Exists(CompiledFiles, file => HoldsInOrder(LinesOf(Repository.Read(file)), wanted)), $"In no compiled file:\n{string.Join('\n', wanted)}");
    }

    [Fact]
    public void KeyTable_HasEveryKeyOnceAndNoOther()
    {
        IEnumerable<string> documented = Text.Table("key").Select(row => Readme.Code(row[0])[0]);

        Assert.Equal(OptionKey.All().Select(key => key.Path).Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void KeyTable_GivesEveryDefault()
    {
        Dictionary<string, string> defaults = Text.Table("key").ToDictionary(row => Readme.Code(row[0])[0], row => row[2]);

        Assert.All(OptionKey.All(), key => Assert.Equal(key.Default, defaults[key.Path]));
    }

    [Fact]
    public void KeyTable_NamesEveryValueOfAnEnumeration()
    {
        Dictionary<string, string> values = Text.Table("key").ToDictionary(row => Readme.Code(row[0])[0], row => row[1]);

        Assert.All(OptionKey.All().Where(key => key.Type.IsEnum), key =>
            Assert.Equal(Enum.GetNames(key.Type).Order(StringComparer.Ordinal), Readme.Code(values[key.Path]).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task InstrumentTable_HasEveryInstrumentWithItsKindUnitAndTags()
    {
        Dictionary<string, string[]> rows = Text.Table("instrument").ToDictionary(row => Readme.Code(row[0])[0]);
        Dictionary<string, Seen> seen = await ObserveAsync();

        Assert.Equal(seen.Keys.Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        Assert.All(seen, pair =>
        {
            (string name, Seen instrument) = pair;
            Assert.Equal(instrument.Kind, rows[name][1]);
            Assert.Equal(instrument.Unit, Readme.Code(rows[name][2])[0]);
            Assert.NotEmpty(instrument.Tags);
            Assert.Equal(instrument.Tags.Keys.Order(StringComparer.Ordinal), Readme.Code(rows[name][3]).Order(StringComparer.Ordinal));
        });
    }

    [Fact]
    public async Task TagTable_HasEveryTagAndEveryValueSeen()
    {
        Dictionary<string, IReadOnlyList<string>> documented = Text.Table("tag").ToDictionary(row => Readme.Code(row[0])[0], row => Readme.Code(row[1]));
        string[] fromConfiguration = [Tags.Downstream, Tags.Policy, Tags.Signal];
        ILookup<string, string> seen = (await ObserveAsync()).Values
            .SelectMany(instrument => instrument.Tags)
            .SelectMany(tag => tag.Value.Select(value => (Tag: tag.Key, Value: value)))
            .Where(tag => !fromConfiguration.Contains(tag.Tag) && tag.Tag != Tags.Reason)
            .ToLookup(tag => tag.Tag, tag => tag.Value);

        Assert.All(seen, tag => Assert.All(tag, value => Assert.Contains(value, documented[tag.Key])));
    }

    [Fact]
    public void TagTable_HasEveryValueOfTheEnumerations()
    {
        Dictionary<string, IReadOnlyList<string>> documented = Text.Table("tag").ToDictionary(row => Readme.Code(row[0])[0], row => Readme.Code(row[1]));

        Assert.All(Enum.GetValues<AdmissionDecision>(), decision => Assert.Contains(decision.Tag(), documented[Tags.Decision]));
        Assert.All(Enum.GetValues<Priority>(), priority => Assert.Contains(priority.Tag(), documented[Tags.Priority]));
        Assert.All(Enum.GetValues<Outcome>(), outcome => Assert.Contains(outcome.Tag(), documented[Tags.Outcome]));
    }

    [Fact]
    public void ReasonTable_HasEveryReasonWithItsStatus()
    {
        Dictionary<string, string> statuses = Text.Table("reason").ToDictionary(row => Readme.Code(row[0])[0], row => row[1]);

        Assert.All(Enum.GetValues<RejectionReason>().Except([RejectionReason.None]), reason =>
        {
            string status = reason switch
            {
                RejectionReason.ClientAborted => "none",
                _ => RejectionReasons.StatusOf(reason).ToString(CultureInfo.InvariantCulture),
            };
            Assert.Equal(status, statuses[reason.Tag()]);
        });
        Assert.Equal(Enum.GetValues<RejectionReason>().Length - 1, statuses.Count);
        Assert.Contains($"`{RejectionReason.None.Tag()}`", Repository.Read("README.md"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/orders", "Admitted Checkout Critical")]
    [InlineData("GET", "/recommendations", "Admitted Default Low")]
    [InlineData("GET", "/version", "Exempt Default Normal")]
    public async Task Endpoints_AreDecidedAsReadmeSays(string method, string path, string decision)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddBackpressure(ConfigurationOf(0));
        ReadmeSnippets.Options(builder);
        ReadmeSnippets.Health(builder);
        await using WebApplication app = builder.Build();
        app.UseBackpressure();
        ReadmeSnippets.Endpoints(app);
        ReadmeSnippets.Cost(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using HttpClient client = app.GetTestClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(decision, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static IConfigurationSection ConfigurationOf(int block)
    {
        string json = string.Join('\n', Text.Blocks("json", "jsonc")[block]);
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        IConfigurationRoot root = new ConfigurationBuilder().AddJsonStream(stream).Build();
        Assert.Contains(root.GetChildren(), section => section.Key == "Backpressure");
        return root.GetSection("Backpressure");
    }

    private static string[] LinesOf(string source) =>
        [.. source.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];

    private static bool HoldsInOrder(string[] source, string[] wanted)
    {
        int next = 0;
        foreach (string line in source)
        {
            next += next < wanted.Length && line == wanted[next] ? 1 : 0;
        }

        return next == wanted.Length;
    }

    /// <summary>Lets requests meet every end that shows a tag, and listens to the meter.</summary>
    private static async Task<Dictionary<string, Seen>> ObserveAsync()
    {
        var seen = new Dictionary<string, Seen>(StringComparer.Ordinal);
        using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        IMeterFactory factory = services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                // Other tests have meters of this name at the same time.
                if (instrument.Meter.Name == ShedderMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    seen.Add(instrument.Name, new Seen(KindOf(instrument), instrument.Unit));
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => seen[instrument.Name].Add(tags));
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => seen[instrument.Name].Add(tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => seen[instrument.Name].Add(tags));
        listener.Start();

        var time = new FakeTimeProvider();
        var options = new BackpressureOptions();
        options.Downstreams["Default"] = new DownstreamOptions { Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 1 } };
        options.Signals["half"] = new SignalOptions { Kind = SignalKind.Custom, Soft = 0, Hard = 1 };
        options.Downstreams["Default"].Signals.Add("half");
        options.Policies["Observed"] = new PolicyOptions { Mode = BackpressureMode.Observe };
        using (var shedder = new LoadShedder(options, time, meterFactory: factory, signals: [new Half()]))
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            AdmissionLease observed = await AdmitAsync(shedder, "Observed");
            AdmissionLease running = await AdmitAsync(shedder, "Default");
            Task<AdmissionLease> waits = AdmitAsync(shedder, "Default");
            Assert.False((await AdmitAsync(shedder, "Default", noWait: true)).IsAdmitted);
            running.Complete(Outcome.Success);
            observed.Complete(Outcome.Success);
            AdmissionLease waited = await waits;
            waited.Complete(Outcome.Success);
            listener.RecordObservableInstruments();
        }

        return seen;
    }

    private static Task<AdmissionLease> AdmitAsync(LoadShedder shedder, string policy, bool noWait = false) =>
        shedder.AdmitAsync(new AdmissionRequest(shedder.ClassOf("route", policy)) { NoWait = noWait }, TestContext.Current.CancellationToken).AsTask();

    /// <summary>As README words it: "observable gauge".</summary>
    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "ObservableUpDownCounter" => "observable up-down counter",
        "ObservableGauge" => "observable gauge",
        "ObservableCounter" => "observable counter",
        "Histogram" => "histogram",
        var other => other,
    };

    private sealed class Half : ICapacitySignal
    {
        public string Name => "half";

        public double Read() => 0.5;
    }

    private sealed class Seen(string kind, string? unit)
    {
        public string Kind { get; } = kind;

        public string? Unit { get; } = unit;

        public Dictionary<string, SortedSet<string>> Tags { get; } = new(StringComparer.Ordinal);

        public void Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach ((string key, object? value) in tags)
            {
                if (!Tags.TryGetValue(key, out SortedSet<string>? values))
                {
                    Tags[key] = values = new SortedSet<string>(StringComparer.Ordinal);
                }

                values.Add((string)value!);
            }
        }
    }
}
