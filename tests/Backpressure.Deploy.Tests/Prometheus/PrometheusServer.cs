using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Backpressure.Deploy.Tests.Running;

namespace Backpressure.Deploy.Tests.Prometheus;

/// <summary>A real Prometheus of a test's own: its own port, its own folder, ended by its own process id.</summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    private readonly Tool _tool;
    private readonly HttpClient _client;
    private readonly DirectoryInfo _folder;

    private PrometheusServer(Tool tool, HttpClient client, DirectoryInfo folder)
    {
        _tool = tool;
        _client = client;
        _folder = folder;
    }

    /// <summary>
    /// Starts one that scrapes a target every three seconds, as the job <c>flash-sale</c>, by the committed rules in all but how long
    /// they wait before they fire.
    /// </summary>
    public static async Task<PrometheusServer> StartAsync(string program, Uri target)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("backpressure-prometheus-");
        int port = Tool.FreePort();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "rules.yml"), For().Replace(Repository.Read("deploy/prometheus/rules/backpressure.yml"), "for: 1s"));
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, "prometheus.yml"),
            $"""
            global:
              scrape_interval: 3s
              scrape_timeout: 3s
              evaluation_interval: 1s
            rule_files: [rules.yml]
            scrape_configs:
              - job_name: flash-sale
                static_configs:
                  - targets: ["{target.Authority}"]
            """);
        Tool tool = Tool.Start(
            program,
            [$"--config.file={folder.FullName}/prometheus.yml", $"--storage.tsdb.path={folder.FullName}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
            folder.FullName);
        var server = new PrometheusServer(tool, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") }, folder);
        await tool.EventuallyAsync(server.IsReadyAsync, "Prometheus is ready");
        return server;
    }

    /// <summary>Waits until something holds.</summary>
    public Task EventuallyAsync(Func<Task<bool>> condition, string what) => _tool.EventuallyAsync(condition, what);

    /// <summary>The same, and says what there was instead.</summary>
    public Task EventuallyAsync(Func<Task<bool>> condition, Func<string> what) => _tool.EventuallyAsync(condition, what);

    public async Task<bool> HasScrapedAsync(int times) => (await QueryAsync("sum_over_time(up{job=\"flash-sale\"}[5m])")).Any(scrapes => scrapes >= times);

    /// <summary>Waits until its target was scraped as often; fails with the reason why it was not.</summary>
    public async Task ScrapedAsync(int times)
    {
        string why = "";
        await _tool.EventuallyAsync(
            async () =>
            {
                using JsonDocument answer = await GetAsync("/api/v1/targets?state=active");
                why = answer.RootElement.GetProperty("data").GetProperty("activeTargets").GetRawText();
                return await HasScrapedAsync(times);
            },
            () => $"{times} scrapes of {why}");
    }

    /// <summary>The values that a query gives now.</summary>
    public async Task<IReadOnlyList<double>> QueryAsync(string query)
    {
        using JsonDocument answer = await GetAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}");
        JsonElement data = answer.RootElement.GetProperty("data");
        JsonElement result = data.GetProperty("result");
        return data.GetProperty("resultType").GetString() == "scalar"
            ? [Number(result[1])]
            : [.. result.EnumerateArray().Select(static series => Number(series.GetProperty("value")[1]))];
    }

    /// <summary>The values of a label among the series that match.</summary>
    public async Task<IReadOnlyList<string>> LabelValuesAsync(string label, string match)
    {
        using JsonDocument answer = await GetAsync($"/api/v1/label/{label}/values?match[]={Uri.EscapeDataString(match)}");
        return [.. answer.RootElement.GetProperty("data").EnumerateArray().Select(static value => value.GetString()!)];
    }

    /// <summary>The names of the alarms that fire.</summary>
    public async Task<IReadOnlyList<string>> FiringAsync()
    {
        using JsonDocument answer = await GetAsync("/api/v1/alerts");
        return [.. answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray()
            .Where(static alert => alert.GetProperty("state").GetString() == "firing")
            .Select(static alert => alert.GetProperty("labels").GetProperty("alertname").GetString()!).Distinct().Order(StringComparer.Ordinal)];
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _tool.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [GeneratedRegex(@"(?<=^ +)for: \w+$", RegexOptions.Multiline)]
    private static partial Regex For();

    private static double Number(JsonElement text) => text.GetString() switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        var number => double.Parse(number!, CultureInfo.InvariantCulture),
    };

    private async Task<JsonDocument> GetAsync(string path)
    {
        using HttpResponseMessage response = await _client.GetAsync(path, TestContext.Current.CancellationToken);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{Uri.UnescapeDataString(path)}: {body}");
        return JsonDocument.Parse(body);
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage response = await _client.GetAsync("/-/ready", TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
