using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Backpressure.AspNetCore.Tests.Documentation;

/// <summary>The instruments that README names as signals are there, under these names, and the signals of the machine give readings.</summary>
public sealed class ReadmeSignalTests
{
    /// <summary>A package that the tests with a real database load, and that these do not.</summary>
    private const string Elsewhere = "Npgsql";

    [Fact]
    public async Task Signals_NameInstrumentsThatAnApplicationHas()
    {
        var published = new HashSet<(string Meter, string Instrument)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                lock (published)
                {
                    published.Add((instrument.Meter.Name, instrument.Name));
                }
            },
        };
        listener.Start();
        await using WebApplication app = Build([]);
        app.MapGet("/", () => "here");
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        await client.GetStringAsync(new Uri(app.Urls.First()), TestContext.Current.CancellationToken);

        SignalSettings[] named = [.. Signals().Where(s => s.Kind == SignalKind.Instrument && s.Meter != Elsewhere)];

        Assert.True(named.Length >= 4);
        lock (published)
        {
            Assert.All(named, signal => Assert.Contains((signal.Meter, signal.Instrument), published));
        }
    }

    [Fact]
    public async Task SignalsOfTheMachine_GiveReadings()
    {
        var read = new HashSet<string>();
        SignalSettings[] builtIn = [.. Signals().Where(s => s.Kind is not (SignalKind.Instrument or SignalKind.Custom))];
        await using WebApplication app = Build(builtIn);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, self) =>
            {
                if (instrument.Name == "backpressure.signal.value")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            Assert.InRange(value, 0, 60);
            read.Add((string)tags[0].Value!);
        });
        listener.Start();
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (int looks = 0; looks < 600 && read.Count < builtIn.Length; looks++)
        {
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            listener.RecordObservableInstruments();
        }

        Assert.Equal(builtIn.Select(s => s.Name).Order(StringComparer.Ordinal), read.Where(name => builtIn.Any(s => s.Name == name)).Order(StringComparer.Ordinal));
        Assert.Equal(4, builtIn.Length);
    }

    private static IEnumerable<SignalSettings> Signals() =>
        Readme.Read().Blocks("json", "jsonc").SelectMany(lines => Configured(lines).Signals.Values).DistinctBy(signal => signal.Name);

    private static ShedderSettings Configured(IEnumerable<string> lines)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        IConfigurationSection section = new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Backpressure");
        Assert.True(SettingsFactory.TryBuild(section, null, out ShedderSettings? settings, out IReadOnlyList<string> errors, Stores.Of(section)), string.Join('\n', errors));
        return settings;
    }

    private static WebApplication Build(IEnumerable<SignalSettings> signals)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddResourceMonitoring();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddBackpressure(options =>
        {
            options.Downstreams["Default"] = new DownstreamOptions();
            foreach (SignalSettings signal in signals)
            {
                options.Signals[signal.Name] = new SignalOptions { Kind = signal.Kind };
                options.Downstreams["Default"].Signals.Add(signal.Name);
            }
        });
        WebApplication app = builder.Build();
        app.UseBackpressure();
        return app;
    }
}
