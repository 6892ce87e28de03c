using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Backpressure.Benchmarks;

/// <summary>The subjects of <c>compare</c> under BenchmarkDotNet: absolute times, each in a process of its own.</summary>
internal static class BdnCommand
{
    public static int Run(string[] arguments)
    {
        string[] filtered = arguments.Any(static a => a is "--filter" or "-f") ? arguments : [.. arguments, "--filter", "*"];
        IConfig config = DefaultConfig.Instance.WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(120));
        Summary[] summaries = [.. BenchmarkSwitcher.FromTypes([typeof(SubjectBenchmark)]).Run(filtered, config)];
        return Array.TrueForAll(summaries, static s => !s.HasCriticalValidationErrors && s.Reports.All(static r => r.Success)) ? 0 : 1;
    }
}
