using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Backpressure.Configuration;
using Backpressure.Redis.Limits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Backpressure.Redis.Tests.Documentation;

public sealed class RedisReadmeTests
{
    private static readonly Readme Text = Readme.Read();

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

        Dictionary<string, string[]> rows = Text.Table("Redis key").ToDictionary(static row => row[0].Trim('`'));

        Assert.Equal(keys.OrderBy(static key => key.Key, StringComparer.Ordinal), rows.Select(static row => KeyValuePair.Create(row.Key, row.Value[2])).OrderBy(static key => key.Key, StringComparer.Ordinal));
        Assert.Equal(Enum.GetNames<WhenDisconnected>().Select(static name => $"`{name}`"), rows[nameof(options.WhenDisconnected)][1].Split(", "));
        string json = Text.Json("Redis");
        Assert.All(keys.Keys, key => Assert.Contains($"\"{key}\":", json, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Snippet_StartsAHost_WithTheJsonOfReadme_AndShowsTheInstrumentsOfTheTable()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(Text.Json("Redis").Replace("redis:6379", redis.Configuration, StringComparison.Ordinal))));
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
            Text.Table("Redis instrument").Select(static row => row[0].Trim('`') + " " + row[1] + " " + row[2].Trim('`')).Order(StringComparer.Ordinal), seen.Keys);
        Assert.All(Text.Table("Redis instrument"), row => Assert.Equal(
            Readme.Code(row[3]).Where(static name => name.StartsWith("backpressure.", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            seen.Single(one => one.Key.StartsWith(row[0].Trim('`') + " ", StringComparison.Ordinal)).Value));
        string table = string.Join('\n', Text.Table("Redis instrument").Select(static row => row[3]));
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
}
