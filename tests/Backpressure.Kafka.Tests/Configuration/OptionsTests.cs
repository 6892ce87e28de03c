using System.Text;
using Backpressure.Kafka.Tests.Documentation;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Backpressure.Kafka.Tests.Configuration;

public sealed class OptionsTests
{
    public static TheoryData<string, string> WrongIngest => new()
    {
        { """ "BootstrapServers": null """, "Kafka:Ingest:BootstrapServers is required. Give it a value, such as kafka:9092." },
        { """ "Topics": { "bad topic": { } } """, "Kafka:Ingest:Topics:bad topic (\"bad topic\") must be a topic's name: 1 to 100 letters, digits, '.', '_' and '-'. Write it as the cluster has it, such as orders." },
        { """ "BufferMemory": 512 """, "Kafka:Ingest:BufferMemory (512) must be from 1024 to 1073741824. Choose a number of bytes in that range, or leave it out for 33554432." },
        { """ "BufferMemory": 2000 """, "Kafka:Ingest:MaxMessageBytes (1000000) must be from 1 to 2000. Choose a number of bytes in that range (a message must fit into BufferMemory), or raise BufferMemory." },
        { """ "MaxWaiting": -1 """, "Kafka:Ingest:MaxWaiting (-1) must be from 0 to 1000000. Choose a number in that range, or leave it out for 1000." },
        { """ "DeliveryTimeout": "00:00:00.500" """, "Kafka:Ingest:DeliveryTimeout (00:00:00.500) must be from 00:00:01 to 00:10:00. Choose a duration in that range, or leave it out for 00:02:00." },
        { """ "Topics": { "orders": { "Overflow": "Reject", "MaxWait": "00:00:01" } } """, "Kafka:Ingest:Topics:orders:MaxWait (00:00:01) must not be set with Overflow Reject, which never waits. Remove it, or choose Shed or Block." },
        { """ "Topics": { "orders": { "Acknowledge": "Never" } } """, "Kafka:Ingest:Topics:orders:Acknowledge (\"Never\") must be one of Stored, Buffered. Write one of these names." },
        { """ "Client": { "acks": "1" } """, "Kafka:Ingest:Client:acks (\"1\") must not be set here: an acknowledged message must survive a broker. Remove it." },
        { """ "Client": { "queue.buffering.max.messages": "5" } """, "Kafka:Ingest:Client:queue.buffering.max.messages (\"5\") must not be set here: BufferMemory says it. Remove it." },
        { """ "Buffer": 5 """, "Kafka:Ingest:Buffer is not a known key." },
        { """ "Client": { "no.such.property": "1" } """, "Kafka:Ingest is refused by librdkafka: No such configuration property: \"no.such.property\". Correct or remove the property under Kafka:Ingest:Client." },
    };

    public static TheoryData<string, string> WrongLag => new()
    {
        { """ "GroupId": null """, "Kafka:Lag:GroupId is required. Give it a value, such as billing." },
        { """ "Topic": "a/b" """, "Kafka:Lag:Topic (\"a/b\") must be a topic's name" },
        { """ "Interval": "00:00:06" """, "Kafka:Lag:Interval (00:00:06) must be from 00:00:01 to 00:00:05. Choose a duration in that range, or leave it out for 00:00:02." },
        { """ "Reading": "Minutes" """, "Kafka:Lag:Reading (\"Minutes\") must be one of Seconds, Messages." },
        { """ "Client": { "group.id": "x" } """, "Kafka:Lag:Client:group.id (\"x\") must not be set here: GroupId says it. Remove it." },
    };

    public static TheoryData<string, string> WrongConsumer => new()
    {
        { """ "BootstrapServers": null """, "Kafka:Consumer:BootstrapServers is required. Give it a value, such as kafka:9092." },
        { """ "HighWatermark": 0 """, "Kafka:Consumer:HighWatermark (0) must be from 1 to 1000000. Choose a number in that range, or leave it out for 64." },
        { """ "LowWatermark": 64 """, "Kafka:Consumer:LowWatermark (64) must be from 0 to 63. It must be below HighWatermark. Lower it, raise HighWatermark, or leave it out for half of that." },
        { """ "HighWatermarkBytes": 10 """, "Kafka:Consumer:HighWatermarkBytes (10) must be from 1024 to 1073741824. Choose a number of bytes in that range, or leave it out for 8388608." },
        { """ "HighWatermarkBytes": 2048, "LowWatermarkBytes": 2048 """, "Kafka:Consumer:LowWatermarkBytes (2048) must be from 0 to 2047. It must be below HighWatermarkBytes. Lower it, raise HighWatermarkBytes, or leave it out for half of that." },
        { """ "MaxConcurrency": 1001 """, "Kafka:Consumer:MaxConcurrency (1001) must be from 1 to 1000. Choose a number in that range, or leave it out for 16." },
        { """ "Order": "Topic" """, "Kafka:Consumer:Order (\"Topic\") must be one of Partition, Key." },
        { """ "OnFailure": "Ignore" """, "Kafka:Consumer:OnFailure (\"Ignore\") must be one of Retry, Stop, Skip." },
        { """ "MaxAttempts": 3 """, "Kafka:Consumer:MaxAttempts (3) must not be set with OnFailure Retry, which has no last attempt. Remove it, or choose Stop or Skip." },
        { """ "OnFailure": "Skip", "MaxAttempts": 0 """, "Kafka:Consumer:MaxAttempts (0) must be from 1 to 1000. Choose a number in that range, or leave it out for 5." },
        { """ "RetryDelay": "00:00:31" """, "Kafka:Consumer:RetryDelay (00:00:31) must be from 00:00:00.001 to 00:00:30. Choose a duration in that range, or leave it out for 00:00:01." },
        { """ "HandOverTimeout": "00:02:00" """, "Kafka:Consumer:HandOverTimeout (00:02:00) must be from 00:00:00 to 00:01:00. Choose a duration in that range, or leave it out for 00:00:05." },
        { """ "CatchUpTime": "00:00:00" """, "Kafka:Consumer:CatchUpTime (00:00:00) must be from 00:00:01 to 00:10:00. Choose a duration in that range, or leave it out for 00:01:00." },
        { """ "Policy": "Work" """, "Kafka:Consumer:Policy (\"Work\") needs the host's LoadShedder. Call AddBackpressure, or remove the key." },
        { """ "Client": { "enable.auto.offset.store": "true" } """, "Kafka:Consumer:Client:enable.auto.offset.store (\"true\") must not be set here: only what is done may be committed. Remove it." },
        { """ "Client": { "auto.commit.interval.ms": "0" } """, "Kafka:Consumer:Client:auto.commit.interval.ms (\"0\") must be above 0: at 0 nothing is committed." },
        { """ "Client": { "max.poll.interval.ms": "5000" } """, "Kafka:Consumer:Client:max.poll.interval.ms (\"5000\") must be longer than HandOverTimeout (00:00:05)" },
        { """ "Watermark": 5 """, "Kafka:Consumer:Watermark is not a known key." },
    };

    [Theory]
    [MemberData(nameof(WrongConsumer))]
    public async Task WrongConsumer_StopsTheStart_WithKeyValueBoundAndWayOut(string json, string error)
    {
        IConfigurationSection section = Section("Kafka:Consumer", """ "BootstrapServers": "127.0.0.1:1", "GroupId": "billing", "Topic": "orders" """, json);

        BackpressureOptionsException wrong = await Assert.ThrowsAsync<BackpressureOptionsException>(
            () => StartAsync(services => services.AddBackpressureKafkaConsumer<KafkaSnippets.BillingHandler>("consumer", section)));

        Assert.Contains(wrong.Errors, text => text.StartsWith(error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task PolicyThatDoesNotExist_StopsTheStart_AndNamesThoseThatDo()
    {
        BackpressureOptionsException wrong = await Assert.ThrowsAsync<BackpressureOptionsException>(() => StartAsync(services => services
            .AddSingleton(new LoadShedder(new BackpressureOptions()))
            .AddBackpressureKafkaConsumer<KafkaSnippets.BillingHandler>("consumer", static options =>
            {
                (options.BootstrapServers, options.GroupId, options.Topic) = ("127.0.0.1:1", "billing", "orders");
                options.Policy = "Work";
            })));

        Assert.Equal("consumer:Policy (\"Work\") is not a policy; these exist: Default. Name one of them, or add it to Backpressure:Policies.", Assert.Single(wrong.Errors));
    }

    [Theory]
    [MemberData(nameof(WrongIngest))]
    public async Task WrongIngest_StopsTheStart_WithKeyValueBoundAndWayOut(string json, string error)
    {
        IConfigurationSection section = Section("Kafka:Ingest", """ "BootstrapServers": "127.0.0.1:1", "Topics": { "orders": { } } """, json);

        BackpressureOptionsException wrong = await Assert.ThrowsAsync<BackpressureOptionsException>(() => StartAsync(services => services.AddBackpressureKafkaIngest(section)));

        Assert.Contains(wrong.Errors, text => text.StartsWith(error, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(WrongLag))]
    public async Task WrongLag_StopsTheStart_WithKeyValueBoundAndWayOut(string json, string error)
    {
        IConfigurationSection section = Section("Kafka:Lag", """ "BootstrapServers": "127.0.0.1:1", "GroupId": "billing", "Topic": "orders" """, json);

        BackpressureOptionsException wrong = await Assert.ThrowsAsync<BackpressureOptionsException>(() => StartAsync(services => services.AddBackpressureKafkaLag("lag", section)));

        Assert.Contains(wrong.Errors, text => text.StartsWith(error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EmptySection_IsReportedWithAllThatIsRequired()
    {
        IConfigurationSection empty = new ConfigurationBuilder().Build().GetSection("Kafka:Ingest");

        BackpressureOptionsException wrong = await Assert.ThrowsAsync<BackpressureOptionsException>(() => StartAsync(services => services.AddBackpressureKafkaIngest(empty)));

        Assert.Equal(2, wrong.Errors.Count);
    }

    [Fact]
    public void TopicsThatDifferByCaseOnly_AreRefused()
    {
        Exception? wrong = Record.Exception(() =>
        {
            using ServiceProvider provider = new ServiceCollection().AddBackpressureKafkaIngest(options =>
            {
                options.BootstrapServers = "127.0.0.1:1";
                options.Topics["orders"] = new KafkaTopicOptions();
                options.Topics["Orders"] = new KafkaTopicOptions();
            }).BuildServiceProvider();
            return provider.GetRequiredService<IKafkaIngest>();
        });

        Assert.Contains("by case only", Assert.IsType<BackpressureOptionsException>(wrong).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NameThatIsTaken_IsRefused()
    {
        IServiceCollection services = new ServiceCollection().AddBackpressureKafkaLag("lag", static _ => { }).AddBackpressureKafkaIngest(static _ => { });

        Assert.Throws<ArgumentException>("name", () => services.AddBackpressureKafkaLag("lag", static _ => { }));
        Assert.Throws<InvalidOperationException>(() => services.AddBackpressureKafkaIngest(static _ => { }));
        services.AddBackpressureKafkaConsumer<KafkaSnippets.BillingHandler>("lag", static _ => { });
        Assert.Throws<ArgumentException>("name", () => services.AddBackpressureKafkaConsumer<KafkaSnippets.BillingHandler>("lag", static _ => { }));
    }

    /// <summary>A good section with what is wrong on top of it.</summary>
    private static IConfigurationSection Section(string path, string good, string wrong)
    {
        string[] names = path.Split(':');
        var builder = new ConfigurationBuilder();
        foreach (string part in new[] { good, wrong })
        {
            builder.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "{{names[0]}}": { "{{names[1]}}": { {{part}} } } }""")));
        }

        return builder.Build().GetSection(path);
    }

    private static async Task StartAsync(Action<IServiceCollection> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configure(builder.Services);
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
    }
}
