using System.Globalization;
using System.Text.Json;
using Backpressure.Benchmarks;

if (args is ["profile", string wanted, string subject, string seconds])
{
    foreach ((_, Func<IEnumerable<Comparison>> prepare) in Works.All)
    {
        foreach (Comparison comparison in prepare().Where(c => c.Work.StartsWith(wanted, StringComparison.OrdinalIgnoreCase)))
        {
            comparison.Repeat(subject, double.Parse(seconds, CultureInfo.InvariantCulture));
            return 0;
        }
    }

    return 0;
}

if (args is ["live" or "live-server" or "live-load", ..])
{
    return await Backpressure.Benchmarks.Live.LiveCommand.RunAsync(args);
}

if (args is not ["compare", .. string[] rest])
{
    await Console.Error.WriteLineAsync("Usage: compare [--json FILE] [--quick] [--only free|refusal|threads|middleware|queue|client]\n       live [OPTIONS]: see live --help");
    return 1;
}

string? ValueOf(string name) => Array.IndexOf(rest, name) is >= 0 and int at && at + 1 < rest.Length ? rest[at + 1] : null;

bool quick = rest.Contains("--quick");
string? only = ValueOf("--only");
List<Row> rows = [];
Console.WriteLine($"{Environment.ProcessorCount} processors, .NET {Environment.Version}. Times of this machine at this moment; the ratios are what counts.");
foreach ((string name, Func<IEnumerable<Comparison>> prepare) in Works.All)
{
    if (only is not null && !name.Contains(only, StringComparison.OrdinalIgnoreCase))
    {
        continue;
    }

    foreach (Comparison comparison in prepare())
    {
        Console.WriteLine();
        foreach (Row row in comparison.Measure(quick))
        {
            rows.Add(row);
            string met = row.Met switch { true => "met", false => "NOT MET", null => "" };
            Console.WriteLine($"{row.Work,-52} {row.Subject,-34} {row.Nanoseconds,9:0.0} ns {row.Ratio,7:0.00} {row.Bytes,8:0.#} B  {row.Target} {met}");
        }
    }
}

if (ValueOf("--json") is { } file)
{
    await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { rows }, Json.Options));
}

return 0;

/// <summary>How results are written.</summary>
internal static class Json
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };
}
