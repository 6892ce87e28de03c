using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Backpressure.Configuration;
using Backpressure.Kafka.Tests.Broker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Tests.Documentation;

public sealed class KafkaReadmeTests
{
    private static readonly Readme Text = Readme.Read();

    [Fact]
    public void KeyTable_HasEveryKeyWithItsDefault_AndNoOther()
    {
        Dictionary<string, string> documented = Text.Table("Kafka key").ToDictionary(static row => row[0].Trim('`'), static row => row[2]);
        Dictionary<string, string> keys = Keys("Lag", new KafkaLagOptions())
            .Concat(Keys("Ingest", new KafkaIngestOptions()))
            .Concat(Keys("Ingest:Topics:{name}", new KafkaTopicOptions()))
            .Concat(Keys("Consumer", new KafkaConsumerOptions()))
            .ToDictionary(static key => key.Path, static key => key.Default);

        Assert.Equal(keys.Keys.Order(StringComparer.Ordinal), documented.Keys.Order(StringComparer.Ordinal));
        Assert.All(keys.Where(static key => key.Value.Length > 0), key => Assert.Equal(key.Value, documented[key.Key]));
    }

    [Fact]
    public async Task Snippets_StartAHost_WithTheJsonOfReadme_AndShowTheInstrumentsOfTheTable()
    {
        using var cluster = new MockCluster();
        cluster.CreateTopic("orders", 1);
        cluster.CreateTopic("dead-orders", 1);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(Text.Json("Kafka").Replace("kafka:9092", cluster.Bootstrap, StringComparison.Ordinal)
            .Replace("\"security.protocol\": \"Ssl\"", string.Empty, StringComparison.Ordinal))));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpressure"));
        KafkaSnippets.Services(builder);
        builder.Services.AddSingleton<KafkaSnippets.Bills>();
        await using WebApplication app = builder.Build();
        app.UseBackpressure();
        KafkaSnippets.Endpoints(app);
        var seen = new HashSet<string>();
        IMeterFactory factory = app.Services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Name.StartsWith("backpressure.kafka.", StringComparison.Ordinal))
                {
                    seen.Add($"{instrument.Name} {instrument.Unit}");
                }
            },
        };
        listener.Start();

        await app.StartAsync(TestContext.Current.CancellationToken);
        IKafkaIngest ingest = app.Services.GetRequiredService<IKafkaIngest>();
        KafkaIngestResult stored = await ingest.ProduceAsync("orders", new KafkaRecord(), TestContext.Current.CancellationToken);
        await ingest.ProduceAsync("orders", new KafkaRecord { Value = new byte[] { 1 } }, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => app.Services.GetRequiredService<KafkaSnippets.Bills>().Written.Count == 1, "the second order is billed");
        await Eventually.TrueAsync(() => cluster.ReadAll("dead-orders", 1, TestContext.Current.CancellationToken).Count == 1, "the first is kept elsewhere");
        await app.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(KafkaIngestStatus.Stored, stored.Status);
        Assert.Equal(Text.Table("Kafka instrument").Select(static row => $"{row[0].Trim('`')} {row[2].Trim('`')}").Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<(string Path, string Default)> Keys(string path, object options) =>
        from property in options.GetType().GetProperties()
        let value = property.GetValue(options)
        select ($"{path}:{property.Name}", value switch
        {
            null or System.Collections.IDictionary => string.Empty, // Said in words.
            TimeSpan duration => $"`{OptionsErrors.Show(duration)}`",
            _ => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
        });
}
