using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Backpressure.Configuration;
using Backpressure.Redis.Limits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Backpressure.Redis.Tests.Documentation;

public sealed partial class RedisReadmeTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Root(), "README.md"));

    [Fact]
    public void KeyTable_HasEveryKeyWithItsDefault_AndNoOther()
    {
        var options = new BackpressureRedisOptions();
        Dictionary<string, string> keys = options.GetType().GetProperties().ToDictionary(static property => property.Name, property => property.GetValue(options) switch
        {
            null => "required",
            TimeSpan duration => $"`{OptionsErrors.Show(duration)}`",
            var value => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
        });

        Dictionary<string, string[]> rows = Table("Redis key").ToDictionary(static row => row[0].Trim('`'));

        Assert.Equal(keys.OrderBy(static key => key.Key, StringComparer.Ordinal), rows.Select(static row => KeyValuePair.Create(row.Key, row.Value[2])).OrderBy(static key => key.Key, StringComparer.Ordinal));
        Assert.Equal(Enum.GetNames<WhenDisconnected>().Select(static name => $"`{name}`"), rows[nameof(options.WhenDisconnected)][1].Split(", "));
        string json = Json();
        Assert.All(keys.Keys, key => Assert.Contains($"\"{key}\":", json, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Snippet_StartsAHost_WithTheJsonOfReadme_AndShowsTheInstrumentsOfTheTable()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(Json().Replace("redis:6379", redis.Configuration, StringComparison.Ordinal))));
        RedisSnippets.Services(builder);
        await using WebApplication app = builder.Build();
        app.UseBackpressure();
        app.MapGet("/", static () => "served").RequireBackpressure("Partners");
        var seen = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        using MeterListener listener = Listen(app.Services.GetRequiredService<IMeterFactory>(), seen);
        await app.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => app.Services.GetRequiredService<FleetLimits>().IsConnected, "the store decides");

        using HttpClient client = app.GetTestClient();
        Assert.Equal("served", await client.GetStringAsync("/", TestContext.Current.CancellationToken));
        listener.RecordObservableInstruments();

        Assert.Equal(
            Table("Redis instrument").Select(static row => row[0].Trim('`') + " " + row[1] + " " + row[2].Trim('`')).Order(StringComparer.Ordinal), seen.Keys);
        Assert.All(Table("Redis instrument"), row => Assert.Equal(
            Code().Matches(row[3]).Select(static code => code.Groups[1].Value).Where(static name => name.StartsWith("backpressure.", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            seen.Single(one => one.Key.StartsWith(row[0].Trim('`') + " ", StringComparison.Ordinal)).Value));
        string table = string.Join('\n', Table("Redis instrument").Select(static row => row[3]));
        Assert.All(Enum.GetValues<DecisionSource>(), source => Assert.Contains($"`{FleetMetrics.TagOf(source)}`", table, StringComparison.Ordinal));
        Assert.All((string[])[FleetMetrics.Answered, FleetMetrics.TimedOut, FleetMetrics.Failed], result => Assert.Contains($"`{result}`", table, StringComparison.Ordinal));
    }

    private static MeterListener Listen(IMeterFactory factory, SortedDictionary<string, SortedSet<string>> seen)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Name.StartsWith("backpressure.fleet.", StringComparison.Ordinal))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Add(instrument, tags));
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Add(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, tags));
        listener.Start();
        return listener;

        void Add(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (seen)
            {
                string name = $"{instrument.Name} {KindOf(instrument)} {instrument.Unit}";
                if (!seen.TryGetValue(name, out SortedSet<string>? names))
                {
                    seen[name] = names = new SortedSet<string>(StringComparer.Ordinal);
                }

                foreach ((string key, _) in tags)
                {
                    names.Add(key);
                }
            }
        }
    }

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "ObservableGauge" => "observable gauge",
        "ObservableCounter" => "observable counter",
        "Histogram" => "histogram",
        var other => other,
    };

    private static IEnumerable<string[]> Table(string header)
    {
        int at = Array.FindIndex(Lines, line => line.StartsWith($"| {header} |", StringComparison.Ordinal));
        Assert.True(at >= 0, $"README.md has no table that begins with '{header}'.");
        return Lines.Skip(at + 2).TakeWhile(static line => line.StartsWith('|')).Select(static line => line.Split('|')[1..^1].Select(static cell => cell.Trim()).ToArray());
    }

    private static string Json() => JsonBlocks().Matches(string.Join('\n', Lines)).Select(static match => match.Groups[1].Value).Single(static json => json.Contains("\"Redis\"", StringComparison.Ordinal));

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Middleware.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    [GeneratedRegex("```json\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex JsonBlocks();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
