using System.Globalization;
using Backpressure.Benchmarks;

const string Usage = """
    Usage:
      compare [--quick] [--only WORK] [--json FILE] [--markdown FILE]
                                          cost beside the peers', each row with its target; works: {0}
      bdn [OPTIONS]                       the same subjects under BenchmarkDotNet, whose options it takes: --filter "*refusal*"
                                          --job short --list flat; all without a filter; floors are not taken off
      live [OPTIONS]                      overload over real sockets: see live --help
      profile WORK SUBJECT SECONDS        one subject at the comparison whose title begins so, for a profiler to watch
    """;

try
{
    switch (args)
    {
        case ["--help" or "-h"] or ["compare" or "profile", "--help" or "-h"]:
            await Console.Out.WriteLineAsync(string.Format(CultureInfo.InvariantCulture, Usage, Options.WorkNames));
            return 0;
        case ["compare", .. string[] rest]:
            return await CompareCommand.RunAsync(Options.Parse(rest));
        case ["measure", string work, string index, string first, string quick]:
            return await CompareCommand.MeasureAsync(work, index, first, quick);
        case ["bdn", .. string[] rest]:
            return BdnCommand.Run(rest);
        case ["profile", string title, string subject, string seconds]:
            Works.Find(title).Repeat(subject, double.Parse(seconds, CultureInfo.InvariantCulture));
            return 0;
        case ["live" or "live-server" or "live-load", ..]:
            return await Backpressure.Benchmarks.Live.LiveCommand.RunAsync(args);
        default:
            throw new UsageException(args is [] ? "What shall it do?" : $"It does not know {string.Join(' ', args)}.");
    }
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync($"{e.Message}\n{string.Format(CultureInfo.InvariantCulture, Usage, Options.WorkNames)}");
    return 1;
}
