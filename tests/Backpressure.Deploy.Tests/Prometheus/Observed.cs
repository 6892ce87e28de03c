using System.Text.RegularExpressions;
using Backpressure.Deploy.Tests.Running;

namespace Backpressure.Deploy.Tests.Prometheus;

/// <summary>The overloaded application and a Prometheus that has scraped it for a while, with the committed rules and a quick copy of them.</summary>
public sealed partial class Observed : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backpressure-rules-");
    private EmittingApp? _app;
    private PrometheusServer? _server;

    public async ValueTask InitializeAsync()
    {
        if (Tool.Find("prometheus") is not { } program)
        {
            return;
        }

        _app = await EmittingApp.StartAsync();
        _app.Load();
        _server = await PrometheusServer.StartAsync(program, _app.Address, [Quick()]);
        long start = TimeProvider.System.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        while (!(await _server.QueryAsync("sum_over_time(up{job=\"flash-sale\"}[1m])")).Any(static scrapes => scrapes >= 5))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Tool.Patience, $"No five scrapes within {Tool.Patience.TotalSeconds} s: {await _server.TargetsAsync()}");
            await pace.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    internal PrometheusServer Require()
    {
        Tool.Require("prometheus");
        return _server!;
    }

    // The committed rules in all but how long they wait before they fire.
    private string Quick()
    {
        string file = Path.Combine(_folder.FullName, "quick.yml");
        File.WriteAllText(file, For().Replace(Repository.Read("deploy/prometheus/rules/backpressure.yml"), "for: 1s"));
        return file;
    }

    [GeneratedRegex(@"(?<=^ +)for: \w+$", RegexOptions.Multiline)]
    private static partial Regex For();
}
