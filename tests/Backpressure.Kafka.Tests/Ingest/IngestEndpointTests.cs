using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Backpressure.Kafka.Tests.Broker;
using Confluent.Kafka;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backpressure.Kafka.Tests.Ingest;

/// <summary>Over real sockets: how a body is read, or not, is half of what is promised.</summary>
public sealed class IngestEndpointTests : IAsyncLifetime
{
    private readonly MockCluster _cluster = new();
    private WebApplication? _app;
    private HttpClient? _client;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _cluster.CreateTopic("orders", 1);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _cluster.Dispose();
    }

    [Fact]
    public async Task Post_Is202_OnceABrokerHasIt_WithKeyAndContentType()
    {
        HttpClient client = await StartAsync();

        using HttpResponseMessage response = await client.PostAsJsonAsync("/events/orders?key=42", new { id = 1 }, Cancelled);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = _cluster.Bootstrap, GroupId = "reader" }).Build();
        consumer.Assign(new TopicPartitionOffset("orders", 0, 0));
        Message<byte[], byte[]> message = consumer.Consume(Cancelled).Message;
        Assert.Equal("""{"id":1}""", Encoding.UTF8.GetString(message.Value));
        Assert.Equal("42", Encoding.UTF8.GetString(message.Key));
        Assert.Equal("application/json; charset=utf-8", Encoding.UTF8.GetString(message.Headers.GetLastBytes("content-type")));
        consumer.Close();
    }

    [Theory]
    [InlineData("/events/others")]
    [InlineData("/events/ORDERS")]
    public async Task TopicThatIsNotNamed_Is404(string path)
    {
        HttpClient client = await StartAsync();

        using HttpResponseMessage response = await client.PostAsync(path, new ByteArrayContent([1]), Cancelled);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BodyThatIsTooLong_Is413_DeclaredOrNot(bool chunked)
    {
        HttpClient client = await StartAsync(options => options.MaxMessageBytes = 1000);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/events/orders") { Content = new ByteArrayContent(new byte[1001]) };
        request.Headers.TransferEncodingChunked = chunked;

        using HttpResponseMessage response = await client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        using HttpResponseMessage next = await client.PostAsync("/events/orders", new ByteArrayContent(new byte[1000]), Cancelled);
        Assert.Equal(HttpStatusCode.Accepted, next.StatusCode);
    }

    [Fact]
    public async Task FullBuffer_Is503_WithRetryAfterAndProblem_AndTheRestIs202()
    {
        HttpClient client = await StartAsync(SmallBuffer(Overflow.Reject));
        _cluster.GoDown();
        Task<HttpResponseMessage> first = client.PostAsync("/events/orders", new ByteArrayContent([1]), Cancelled);
        await TakenAsync(1);

        using HttpResponseMessage refused = await client.PostAsync("/events/orders", new ByteArrayContent([2]), Cancelled);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        Assert.True(refused.Headers.CacheControl!.NoStore);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        JsonElement problem = await refused.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
        Assert.Equal("limit_reached", problem.GetProperty("reason").GetString());
        Assert.Equal(refused.Headers.RetryAfter.Delta.Value.TotalSeconds, problem.GetProperty("retryAfterSeconds").GetInt32());
        _cluster.ComeBack();
        using HttpResponseMessage stored = await first.WaitAsync(Eventually.Patience, Cancelled);
        Assert.Equal(HttpStatusCode.Accepted, stored.StatusCode);
    }

    [Fact]
    public async Task NoBrokerInTime_Is503_WithRetryAfter()
    {
        HttpClient client = await StartAsync(options => options.DeliveryTimeout = TimeSpan.FromSeconds(1));
        _cluster.GoDown();

        using HttpResponseMessage response = await client.PostAsync("/events/orders", new ByteArrayContent([1]), Cancelled);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal("not_acknowledged", (await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled)).GetProperty("reason").GetString());
    }

    [Fact]
    public async Task WaitingRequest_IsNotRead_UntilThereIsRoom()
    {
        HttpClient client = await StartAsync(SmallBuffer(Overflow.Block));
        _cluster.GoDown();
        Task<HttpResponseMessage> first = client.PostAsync("/events/orders", new ByteArrayContent([1]), Cancelled);
        await TakenAsync(1);
        using var body = new SlowContent();

        // "Expect" has the server say when it begins to read: not before there is room.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/events/orders") { Content = body };
        request.Headers.ExpectContinue = true;
        Task<HttpResponseMessage> second = client.SendAsync(request, Cancelled);
        await Eventually.TrueAsync(() => Open() == 2, "the second request waits");
        Assert.False(body.Asked.IsCompleted);
        _cluster.ComeBack();
        await body.Asked.WaitAsync(Eventually.Patience, Cancelled);

        Assert.Equal(HttpStatusCode.Accepted, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await second).StatusCode);
    }

    [Fact]
    public async Task Priority_OfTheRequest_DecidesWhoIsPushedOut()
    {
        HttpClient client = await StartAsync(options =>
        {
            SmallBuffer(Overflow.Shed)(options);
            options.Topics["orders"].MaxWait = TimeSpan.FromMinutes(10);
            options.MaxWaiting = 1;
        });
        _cluster.GoDown();
        Task<HttpResponseMessage> first = client.PostAsync("/events/orders", new ByteArrayContent([1]), Cancelled);
        await TakenAsync(1);

        Task<HttpResponseMessage> low = client.PostAsync("/events/orders?priority=Low", new ByteArrayContent([2]), Cancelled);
        await Eventually.TrueAsync(() => Open() == 2, "Low waits");
        Task<HttpResponseMessage> critical = client.PostAsync("/events/orders?priority=Critical", new ByteArrayContent([3]), Cancelled);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await low).StatusCode);
        _cluster.ComeBack();
        Assert.Equal(HttpStatusCode.Accepted, (await critical).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await first).StatusCode);
    }

    [Fact]
    public async Task HostThatStops_DeliversWhatItHasTaken()
    {
        HttpClient client = await StartAsync();
        _cluster.GoDown();
        Task<HttpResponseMessage>[] requests = [.. Enumerable.Range(0, 10).Select(value => client.PostAsync("/events/orders", new ByteArrayContent([(byte)value]), Cancelled))];
        await TakenAsync(10);

        Task stop = _app!.StopAsync(Cancelled);
        _cluster.ComeBack();
        await stop;

        Assert.All(await Task.WhenAll(requests), response => Assert.Equal(HttpStatusCode.Accepted, response.StatusCode));
        Assert.Equal(10, _cluster.ReadAll("orders", 1, Cancelled).Count);
    }

    [Fact]
    public async Task Map_WithoutATopicOrABuffer_SaysWhatIsMissing()
    {
        await StartAsync();

        Assert.Contains("{topic}", Assert.Throws<ArgumentException>(() => _app!.MapKafkaIngest("/events")).Message, StringComparison.Ordinal);
        await using WebApplication bare = WebApplication.CreateSlimBuilder().Build();
        Assert.Contains("AddBackpressureKafkaIngest", Assert.Throws<InvalidOperationException>(() => bare.MapKafkaIngest("/events/{topic}")).Message, StringComparison.Ordinal);
    }

    private static Action<KafkaIngestOptions> SmallBuffer(Overflow overflow) => options =>
    {
        options.BufferMemory = 1024;
        options.MaxMessageBytes = 100;
        options.Topics["orders"].Overflow = overflow;
    };

    private async Task<HttpClient> StartAsync(Action<KafkaIngestOptions>? configure = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddBackpressureKafkaIngest(options =>
        {
            options.BootstrapServers = _cluster.Bootstrap;
            options.Topics["orders"] = new KafkaTopicOptions();
            configure?.Invoke(options);
        });
        _app = builder.Build();
        _app.MapKafkaIngest("/events/{topic}", static context => new KafkaIngestTraits
        {
            Key = context.Request.Query["key"],
            Priority = Enum.TryParse(context.Request.Query["priority"], out Priority priority) ? priority : null,
        });
        await _app.StartAsync(Cancelled);
        string address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return _client = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = Eventually.Patience }) { BaseAddress = new Uri(address) };
    }

    private Task TakenAsync(int count) => Eventually.TrueAsync(() => Open() == count, $"{count} messages are taken");

    private long Open() => _app!.Services.GetRequiredService<Kafka.Ingest.KafkaIngest>().Open;

    /// <summary>A body that tells when it is asked for.</summary>
    private sealed class SlowContent : HttpContent
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            _asked.TrySetResult();
            return stream.WriteAsync(new byte[10]).AsTask();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 10;
            return true;
        }
    }
}
