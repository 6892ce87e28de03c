using System.Text.RegularExpressions;
using Backpressure.Deploy.Tests.Running;

namespace Backpressure.Deploy.Tests.Prometheus;

/// <summary>The list of names is what the code exports. Everything else in deploy/ is compared with the list.</summary>
public sealed partial class MetricListTests
{
    private const string Variable = "BACKPRESSURE_WRITE_METRICS";

    [Fact]
    public async Task List_IsWhatAnApplicationWithEveryInstrumentExports()
    {
        await using EmittingApp app = await EmittingApp.StartAsync();
        app.Load();
        string[] instruments = [.. InstrumentsOfTheSources()];
        IReadOnlyList<Metric> exported = [];
        long start = TimeProvider.System.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        do
        {
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            exported = MetricList.Of(await app.ScrapeAsync());
        }
        while ((exported.Count < instruments.Length || exported.Any(static metric => metric.Labels.Count == 0)) && TimeProvider.System.GetElapsedTime(start) < Tool.Patience);

        string text = MetricList.Write(exported);
        if (Environment.GetEnvironmentVariable(Variable) is not null)
        {
            await File.WriteAllTextAsync(Repository.PathOf(MetricList.File), text, TestContext.Current.CancellationToken);
        }

        Assert.All(instruments, instrument => Assert.Contains(exported, metric => metric.Name.StartsWith(instrument.Replace('.', '_'), StringComparison.Ordinal)));
        Assert.Equal(instruments.Length, exported.Count);
        Assert.True(text == Repository.Read(MetricList.File), $"The instruments have changed. Write the list anew with {Variable}=1, and mend what uses the old names. Now:\n{text}");
    }

    [Fact]
    public void Files_UseNoMetricAndNoLabelThatIsNotInTheList()
    {
        HashSet<string> known = [.. MetricList.Committed().SelectMany(static metric => metric.Queried.Concat(metric.Labels))];
        string[] files = [.. Directory.EnumerateFiles(Repository.PathOf("deploy"), "*", SearchOption.AllDirectories).Where(static file => Path.GetExtension(file) is ".json" or ".yml" or ".yaml" or ".md")];

        Assert.True(files.Length > 5);
        Assert.All(files, file => Assert.All(Used().Matches(File.ReadAllText(file)).Select(static name => name.Value).Distinct(), name =>
            Assert.True(known.Contains(name), $"{Path.GetRelativePath(Repository.Root, file)} uses {name}, which is not in {MetricList.File}.")));
    }

    private static SortedSet<string> InstrumentsOfTheSources() =>
        new(Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(static file => Created().Matches(File.ReadAllText(file)).Select(static match => match.Groups[1].Value)), StringComparer.Ordinal);

    // \s: the name may stand on the next line.
    [GeneratedRegex(@"\.Create(?:Observable)?(?:Counter|UpDownCounter|Gauge|Histogram)(?:<\w+>)?\(\s*""(backpressure\.[a-z_.]+)""")]
    private static partial Regex Created();

    // Recording rules have colons and are not exported by the code.
    [GeneratedRegex(@"(?<![\w:/.-])backpressure_[a-z_]+(?![\w:-])")]
    private static partial Regex Used();
}
