using System.Text.Json;
using Backpressure;
using Chain.Running;

namespace Chain.Report;

/// <summary>Every figure, for programs. Shares are from 0 to 1, times are seconds unless a name says otherwise.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task WriteAsync(Run without, Run with, IReadOnlyList<Claim> claims, string file)
    {
        var report = new
        {
            with.CriticalServed,
            with.Amplification,
            RecoverySeconds = with.RecoverySeconds ?? Scenario.After.TotalSeconds,
            Recovered = with.RecoverySeconds is not null,
            with.PressureSeconds,
            with.FirstRefusalSeconds,
            Served = Served(with),
            with.SendLagP99Ms,
            Void = without.IsVoid || with.IsVoid,
            Unprotected = new
            {
                without.CriticalServed,
                without.Amplification,
                RecoverySeconds = without.RecoverySeconds ?? Scenario.After.TotalSeconds,
                Recovered = without.RecoverySeconds is not null,
                without.PressureSeconds,
                without.FirstRefusalSeconds,
                Served = Served(without),
                without.SendLagP99Ms,
            },
            Claims = claims,
        };

        string path = Path.GetFullPath(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        FileStream stream = File.Create(path);
        await using (stream)
        {
            await JsonSerializer.SerializeAsync(stream, report, Format);
        }
    }

    private static object Served(Run run) => new
    {
        Before = run.ServedShare(null, Scenario.WarmUp, Scenario.SlowFrom),
        Slowed = run.ServedShare(null, Scenario.SlowFrom, Scenario.SlowUntil),
        SlowedByPriority = Scenario.Mix.ToDictionary(m => m.Priority.ToString(), m => run.ServedShare(m.Priority, Scenario.SlowFrom, Scenario.SlowUntil)),
        After = run.ServedShare(null, Scenario.SlowUntil, Scenario.End),
    };
}
