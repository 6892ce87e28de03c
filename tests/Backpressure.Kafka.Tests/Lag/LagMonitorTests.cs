using System.Diagnostics.Metrics;
using Backpressure.Kafka.Lag;
using Backpressure.Kafka.Tests.Broker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Backpressure.Kafka.Tests.Lag;

public sealed class LagMonitorTests : IDisposable
{
    private readonly MockCluster _cluster = new();
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogCollector _logs = new();

    [Fact]
    public async Task Lag_IsSeenFromOutsideTheGroup_InMessagesAndSeconds()
    {
        _cluster.CreateTopic("orders", 2);
        await _cluster.ProduceAsync("orders", 0, 30);
        await _cluster.ProduceAsync("orders", 1, 5);
        _cluster.Commit("billing", "orders", 10, 5);
        using LagMonitor monitor = Monitor();

        monitor.LookNow();
        Assert.Equal(20, monitor.Current.Messages);
        _cluster.Commit("billing", "orders", 20, 5);
        _time.Advance(TimeSpan.FromSeconds(5));
        monitor.LookNow();

        Assert.Equal(10, monitor.Current.Messages);
        Assert.Equal(5, monitor.Current.Seconds, 1e-6);
        Assert.Equal(5, monitor.Read(), 1e-6);
    }

    [Fact]
    public async Task Lag_InMessages_IsReadIfTheOptionsSaySo()
    {
        await TwoBehindAsync();
        using LagMonitor monitor = Monitor(KafkaLagReading.Messages);

        monitor.LookNow();

        Assert.Equal(2, monitor.Read());
    }

    [Fact]
    public async Task GroupWithoutCommits_IsNotKnown_UntilItCommits()
    {
        _cluster.CreateTopic("orders", 1);
        await _cluster.ProduceAsync("orders", 0, 3);
        using LagMonitor monitor = Monitor(KafkaLagReading.Messages);

        monitor.LookNow();
        Assert.Equal(double.NaN, monitor.Read());
        _cluster.Commit("billing", "orders", 1);
        monitor.LookNow();

        Assert.Equal(2, monitor.Read());
    }

    [Fact]
    public void TopicThatDoesNotExist_IsNotKnown_AndNotCreated()
    {
        using LagMonitor monitor = Monitor(KafkaLagReading.Messages);

        monitor.LookNow();
        monitor.LookNow();

        Assert.Equal(double.NaN, monitor.Read());
        Assert.Single(_logs.GetSnapshot(), entry => entry.Level == LogLevel.Warning);
    }

    [Fact]
    public async Task BrokerGone_IsNotKnown_NotZero_AndKnownWhenItIsBack()
    {
        await TwoBehindAsync();
        using LagMonitor monitor = Monitor(KafkaLagReading.Messages);
        monitor.LookNow();
        Assert.Equal(2, monitor.Read());

        _cluster.GoDown();
        monitor.LookNow();
        Assert.Equal(double.NaN, monitor.Read());
        monitor.LookNow();
        Assert.Single(_logs.GetSnapshot(), entry => entry.Level == LogLevel.Warning);

        _cluster.ComeBack();
        await Eventually.TrueAsync(
            () =>
            {
                monitor.LookNow();
                return monitor.Read() == 2;
            },
            "the lag is known again");
        Assert.Single(_logs.GetSnapshot(), entry => entry.Level == LogLevel.Information);
    }

    [Fact]
    public async Task LoopThatDoesNotGetItsTurn_LetsTheLagGrowOld()
    {
        await TwoBehindAsync();
        using LagMonitor monitor = Monitor(KafkaLagReading.Messages);
        monitor.LookNow();

        _time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal(double.NaN, monitor.Read());
    }

    [Fact]
    public async Task InAHost_ItLowersTheLimitOfADownstream_AndIsMeasured()
    {
        _cluster.CreateTopic("orders", 1);
        await _cluster.ProduceAsync("orders", 0, 500);
        _cluster.Commit("billing", "orders", 1);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddBackpressureKafkaLag("orders-lag", options =>
        {
            options.BootstrapServers = _cluster.Bootstrap;
            options.GroupId = "billing";
            options.Topic = "orders";
            options.Reading = KafkaLagReading.Messages;
        });
        using IHost host = builder.Build();
        IMeterFactory meters = host.Services.GetRequiredService<IMeterFactory>();
        using var lag = new MetricCollector<double>(meters, "Backpressure.Kafka", "backpressure.kafka.lag");
        await host.StartAsync(TestContext.Current.CancellationToken);
        ICapacitySignal signal = host.Services.GetRequiredService<ICapacitySignal>();
        await Eventually.TrueAsync(() => signal.Read() == 499, "the first look");

        var options = new BackpressureOptions();
        options.Signals["orders-lag"] = new SignalOptions { Kind = SignalKind.Custom, Soft = 100, Hard = 400 };
        options.Downstreams["Default"] = new DownstreamOptions
        {
            Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = 10 },
            Signals = { "orders-lag" },
        };
        using var shedder = new LoadShedder(options, _time, signals: [signal]);
        _time.Advance(TimeSpan.FromSeconds(1));
        RequestClass request = shedder.ClassOf("route");
        AdmissionLease first = await shedder.AdmitAsync(new AdmissionRequest(request) { NoWait = true }, TestContext.Current.CancellationToken);
        AdmissionLease second = await shedder.AdmitAsync(new AdmissionRequest(request) { NoWait = true }, TestContext.Current.CancellationToken);
        lag.RecordObservableInstruments();

        Assert.True(first.IsAdmitted);
        Assert.False(second.IsAdmitted);
        CollectedMeasurement<double> measured = lag.LastMeasurement!;
        Assert.Equal(499, measured.Value);
        Assert.Equal("orders", measured.Tags["backpressure.kafka.topic"]);
        Assert.Equal("billing", measured.Tags["backpressure.kafka.group"]);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose() => _cluster.Dispose();

    private async Task TwoBehindAsync()
    {
        _cluster.CreateTopic("orders", 1);
        await _cluster.ProduceAsync("orders", 0, 3);
        _cluster.Commit("billing", "orders", 1);
    }

    private LagMonitor Monitor(KafkaLagReading reading = KafkaLagReading.Seconds) => new(
        "orders-lag",
        new KafkaLagOptions { BootstrapServers = _cluster.Bootstrap, GroupId = "billing", Topic = "orders", Reading = reading },
        "orders-lag", _time, new FakeLogger(_logs));
}
