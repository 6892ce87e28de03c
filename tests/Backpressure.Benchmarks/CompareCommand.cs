using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Backpressure.Benchmarks;

/// <summary>
/// Compares costs, each comparison in processes of its own: a runtime compiles what several share (the framework's code, the
/// engine's) by what it has seen before, and one process's luck with it differs from the next one's.
/// </summary>
internal static class CompareCommand
{
    private const int Processes = 3;
    private const int NoMore = 3;

    public static async Task<int> RunAsync(Options options)
    {
        List<Row> rows = [];
        Machine machine = Machine.Now();
        Console.WriteLine(machine);
        Console.WriteLine("Times of this machine at this moment; the ratios are what counts.");
        foreach (string work in Works.All.Keys.Where(options.Wants))
        {
            for (int i = 0; await MeasureInChildrenAsync(work, i, options.Quick) is { Count: > 0 } measured; i++)
            {
                Console.WriteLine();
                foreach (Row row in Measured.RowsOf(measured))
                {
                    rows.Add(row);
                    Console.WriteLine(Report.LineOf(row));
                }
            }
        }

        if (options.Json is { } json)
        {
            await File.WriteAllTextAsync(json, Report.JsonOf(machine, rows));
        }

        if (options.Markdown is { } markdown)
        {
            await File.WriteAllTextAsync(markdown, Report.MarkdownOf(machine, rows));
        }

        return 0;
    }

    /// <summary>A child's part: measures one comparison and writes it.</summary>
    public static async Task<int> MeasureAsync(string work, string index, string first, string quick)
    {
        int number = int.Parse(index, CultureInfo.InvariantCulture);
        if (Works.All[work]().ElementAtOrDefault(number) is not { } comparison)
        {
            return NoMore;
        }

        Measured measured = comparison.Measure(bool.Parse(quick), int.Parse(first, CultureInfo.InvariantCulture));
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(measured));
        return 0;
    }

    private static async Task<List<Measured>?> MeasureInChildrenAsync(string work, int index, bool quick)
    {
        List<Measured> measured = [];
        for (int process = 0; process < Processes; process++)
        {
            string[] arguments = ["measure", work, index.ToString(CultureInfo.InvariantCulture), process.ToString(CultureInfo.InvariantCulture), quick.ToString()];
            using Process child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [.. HostArguments(), .. arguments])
            {
                RedirectStandardOutput = true,

                // On one processor the runtime waits ten times as long before it optimizes what is called often: longer than all this.
                Environment = { ["DOTNET_TC_DelaySingleProcMultiplier"] = "1" },
            })!;
            string output = await child.StandardOutput.ReadToEndAsync();
            await child.WaitForExitAsync();
            if (child.ExitCode == NoMore)
            {
                return null;
            }

            measured.Add(child.ExitCode == 0
                ? JsonSerializer.Deserialize<Measured>(output)!
                : throw new InvalidOperationException($"Measuring {work} {index} ended with code {child.ExitCode}."));
        }

        return measured;
    }

    // Started by "dotnet x.dll", the process is dotnet; started by its own host, it is that.
    private static IEnumerable<string> HostArguments() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath!).Equals("dotnet", StringComparison.OrdinalIgnoreCase)
            ? [typeof(CompareCommand).Assembly.Location]
            : [];
}
