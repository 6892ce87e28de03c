using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace Backpressure.Kafka.Tests.Broker;

/// <summary>
/// librdkafka's own mock brokers on loopback: the real protocol over real sockets, with faults on demand. One cluster a
/// test, so that tests can run beside each other.
/// </summary>
internal sealed partial class MockCluster : IDisposable
{
    private readonly IProducer<byte[], byte[]> _owner;
    private readonly nint _cluster;

    // The client has chosen one of several builds of the library by what this machine has: it must be the very same one.
    static MockCluster() => NativeLibrary.SetDllImportResolver(typeof(MockCluster).Assembly, static (name, _, _) => name != "librdkafka" ? 0
        : NativeLibrary.Load(Process.GetCurrentProcess().Modules.Cast<ProcessModule>().First(module => module.FileName.Contains("librdkafka", StringComparison.Ordinal)).FileName));

    public MockCluster(int brokers = 1)
    {
        _owner = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = "127.0.0.1:1",
            Acks = Acks.All,
        }.Also("test.mock.num.brokers", $"{brokers}")).SetLogHandler(static (_, _) => { }).Build();
        _cluster = rd_kafka_handle_mock_cluster(Native(_owner.Handle));
        Assert.NotEqual(0, _cluster);
        Bootstrap = Marshal.PtrToStringUTF8(rd_kafka_mock_cluster_bootstraps(_cluster))!;
        Brokers = brokers;
    }

    /// <summary>Its addresses, as <c>bootstrap.servers</c> has them.</summary>
    public string Bootstrap { get; }

    public int Brokers { get; }

    public void CreateTopic(string topic, int partitions) => Check(rd_kafka_mock_topic_create(_cluster, topic, partitions, 1));

    /// <summary>All connections end, and new ones are refused.</summary>
    public void GoDown() => EachBroker(id => Check(rd_kafka_mock_broker_set_down(_cluster, id)));

    public void ComeBack() => EachBroker(id => Check(rd_kafka_mock_broker_set_up(_cluster, id)));

    /// <summary>Every answer takes at least this long.</summary>
    public void AnswerAfter(TimeSpan roundTrip) => EachBroker(id => Check(rd_kafka_mock_broker_set_rtt(_cluster, id, (int)roundTrip.TotalMilliseconds)));

    /// <summary>The next requests of a kind are answered with errors, in this order.</summary>
    public void AnswerWith(int apiKey, params ErrorCode[] errors) =>
        rd_kafka_mock_push_request_errors_array(_cluster, (short)apiKey, (nuint)errors.Length, [.. errors.Select(error => (int)error)]);

    /// <summary>Makes a client of the code under test meet an error that ends it.</summary>
    public static void EndWithFatalError(Handle client) => Check(rd_kafka_test_fatal_error(Native(client), (int)ErrorCode.OutOfOrderSequenceNumber, "A test said so."));

    /// <summary>How long a group waits for more members when its first one joins; three seconds otherwise.</summary>
    public void FirstRebalanceAfter(TimeSpan delay) => rd_kafka_mock_group_initial_rebalance_delay_ms(_cluster, (int)delay.TotalMilliseconds);

    public async Task ProduceAsync(string topic, int partition, int count, Func<int, string>? key = null)
    {
        using IProducer<byte[], byte[]> producer = new DependentProducerBuilder<byte[], byte[]>(_owner.Handle).Build();
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => producer.ProduceAsync(
            new TopicPartition(topic, partition), new Message<byte[], byte[]> { Key = key is null ? null! : Encoding.UTF8.GetBytes(key(i)), Value = BitConverter.GetBytes(i) })));
    }

    /// <summary>Commits for a group that nobody is in.</summary>
    public void Commit(string group, string topic, params long[] offsets)
    {
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = Bootstrap, GroupId = group })
            .SetLogHandler(static (_, _) => { }).Build();
        consumer.Commit(offsets.Select((offset, partition) => new TopicPartitionOffset(topic, partition, offset)).Where(offset => offset.Offset.Value >= 0));
        consumer.Close();
    }

    /// <summary>Everything that a topic holds, as the broker has it: by partition, in order.</summary>
    public List<byte[]> ReadAll(string topic, int partitions, CancellationToken cancellationToken)
    {
        var all = new List<byte[]>();
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(
            new ConsumerConfig { BootstrapServers = Bootstrap, GroupId = "reader", EnablePartitionEof = true, EnableAutoCommit = false })
            .SetLogHandler(static (_, _) => { }).Build();
        consumer.Assign(Enumerable.Range(0, partitions).Select(partition => new TopicPartitionOffset(topic, partition, Offset.Beginning)));
        for (int ended = 0; ended < partitions;)
        {
            ConsumeResult<byte[], byte[]> result = consumer.Consume(cancellationToken);
            if (result.IsPartitionEOF)
            {
                ended++;
            }
            else
            {
                all.Add(result.Message.Value);
            }
        }

        return all;
    }

    public void Dispose() => _owner.Dispose();

    private void EachBroker(Action<int> act)
    {
        for (int id = 1; id <= Brokers; id++)
        {
            act(id);
        }
    }

    private static nint Native(Handle client) => ((SafeHandle)typeof(Handle)
        .GetProperty("LibrdkafkaHandle", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!.GetValue(client)!).DangerousGetHandle();

    private static void Check(int error) => Assert.Equal(ErrorCode.NoError, (ErrorCode)error);

    [LibraryImport("librdkafka")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint rd_kafka_handle_mock_cluster(nint client);

    [LibraryImport("librdkafka", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int rd_kafka_test_fatal_error(nint client, int error, string reason);

    [LibraryImport("librdkafka")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint rd_kafka_mock_cluster_bootstraps(nint cluster);

    [LibraryImport("librdkafka", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int rd_kafka_mock_topic_create(nint cluster, string topic, int partitions, int replicas);

    [LibraryImport("librdkafka")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int rd_kafka_mock_broker_set_down(nint cluster, int broker);

    [LibraryImport("librdkafka")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int rd_kafka_mock_broker_set_up(nint cluster, int broker);

    [LibraryImport("librdkafka")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int rd_kafka_mock_broker_set_rtt(nint cluster, int broker, int milliseconds);

    [LibraryImport("librdkafka")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void rd_kafka_mock_push_request_errors_array(nint cluster, short apiKey, nuint count, int[] errors);

    [LibraryImport("librdkafka")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void rd_kafka_mock_group_initial_rebalance_delay_ms(nint cluster, int milliseconds);
}
