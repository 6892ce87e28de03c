using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Backpressure.Benchmarks;

/// <summary>The subjects of <c>compare</c> under BenchmarkDotNet: absolute times, each in a process of its own.</summary>
internal static class BdnCommand
{
    /// <summary>It builds the engine and its middleware once more for its own project, beside whatever else the machine does.</summary>
    private static readonly TimeSpan BuildTimeout = TimeSpan.FromMinutes(15);

    public static int Run(string[] arguments)
    {
        string[] filtered = arguments.Any(static a => a is "--filter" or "-f") ? arguments : [.. arguments, "--filter", "*"];

        // The analyzers have seen these sources, and take most of a build's time.
        Job quickBuild = Job.Default.WithArguments([new MsBuildArgument("/p:RunAnalyzers=false")]).AsMutator();
        IConfig config = DefaultConfig.Instance
            .AddJob(quickBuild)
            .WithBuildTimeout(BuildTimeout)
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(120));
        Summary[] summaries = [.. BenchmarkSwitcher.FromTypes([typeof(SubjectBenchmark)]).Run(filtered, config)];
        return Array.TrueForAll(summaries, static s => !s.HasCriticalValidationErrors && s.Reports.All(static r => r.Success)) ? 0 : 1;
    }
}
