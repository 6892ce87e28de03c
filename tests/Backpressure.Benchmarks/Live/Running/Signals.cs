using System.Globalization;

namespace Backpressure.Benchmarks.Live;

/// <summary>The lines between parent and children. Timestamps of the system's clock mean the same in all processes.</summary>
internal static class Signals
{
    /// <summary>The load process can begin.</summary>
    public const string Ready = "ready";

    private const string StartAt = "start ";

    public static string Start(long timestamp) => StartAt + timestamp.ToString(CultureInfo.InvariantCulture);

    public static bool IsStart(string line, out long timestamp)
    {
        timestamp = 0;
        return line.StartsWith(StartAt, StringComparison.Ordinal) && long.TryParse(line.AsSpan(StartAt.Length), CultureInfo.InvariantCulture, out timestamp);
    }
}
