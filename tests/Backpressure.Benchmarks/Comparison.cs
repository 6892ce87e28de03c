using System.Globalization;

namespace Backpressure.Benchmarks;

/// <summary>Several subjects at the same work, in turns.</summary>
internal sealed class Comparison(string work, string over, params Subject[] subjects)
{
    private const int Rounds = 41;
    private const int QuickRounds = 9;
    private const double SliceSeconds = 0.004;

    /// <summary>The subject whose time is taken off everybody's: what is there without any of them.</summary>
    public string? Nothing { get; init; }

    public Claim[] Claims { get; init; } = [];

    /// <summary>How often the work is done in a slice; 0: found by trying.</summary>
    public int Times { get; init; }

    public IEnumerable<Row> Measure(bool quick)
    {
        int rounds = quick ? QuickRounds : Rounds;
        int[] times = [.. subjects.Select(FindTimes)];
        double[][] nanoseconds = [.. subjects.Select(_ => new double[rounds])];
        double[] bytes = new double[subjects.Length];
        for (int round = 0; round < rounds; round++)
        {
            for (int turn = 0; turn < subjects.Length; turn++)
            {
                // Nobody always comes first, or after the same one.
                int i = round % 2 == 0 ? turn : subjects.Length - 1 - turn;
                long allocated = GC.GetAllocatedBytesForCurrentThread();
                nanoseconds[i][round] = TimeOf(subjects[i], times[i]) / times[i];
                bytes[i] = (double)(GC.GetAllocatedBytesForCurrentThread() - allocated) / times[i];
            }
        }

        if (Nothing is not null)
        {
            int nothing = IndexOf(Nothing);
            double[] without = [.. nanoseconds[nothing]];
            double bytesWithout = bytes[nothing];
            for (int i = 0; i < subjects.Length; i++)
            {
                bytes[i] -= bytesWithout;
                for (int round = 0; round < rounds; round++)
                {
                    nanoseconds[i][round] -= without[round];
                }
            }
        }

        for (int i = 0; i < subjects.Length; i++)
        {
            Claim? claim = Array.Find(Claims, c => c.Subject == subjects[i].Name && c.Over == over);
            yield return RowOf(work, i, over, claim);
        }

        foreach (Claim claim in Claims.Where(c => c.Over != over))
        {
            yield return RowOf($"{work}, over {claim.Over}", IndexOf(claim.Subject), claim.Over, claim);
        }

        Row RowOf(string title, int i, string than, Claim? claim)
        {
            double[] others = nanoseconds[IndexOf(than)];
            double ratio = MedianOf(nanoseconds[i].Select((ns, round) => ns / others[round]));
            string? target = claim is null ? null : string.Create(
                CultureInfo.InvariantCulture, $"<= {claim.Ratio:0.00} x {claim.Over}{(claim.Bytes is { } most ? $", <= {most:0} B" : "")}");
            bool? met = claim is null ? null : ratio <= claim.Ratio && (claim.Bytes is not { } limit || Math.Round(bytes[i]) <= limit);
            return new Row(title, subjects[i].Name, MedianOf(nanoseconds[i]), ratio, Math.Round(bytes[i], 1), target, met);
        }
    }

    private int IndexOf(string name) => Array.FindIndex(subjects, s => s.Name == name);

    // Also what warms it up: until it has run for long enough to be compiled for good.
    private int FindTimes(Subject subject)
    {
        if (Times > 0)
        {
            for (double ran = 0; ran < 0.4e9;)
            {
                ran += TimeOf(subject, Times);
            }

            return Times;
        }

        int times = 1000;
        double seconds = 0;
        for (double spent = 0; spent < 0.4 || seconds < SliceSeconds / 2; spent += seconds)
        {
            seconds = TimeOf(subject, times) * 1e-9;
            times = Math.Clamp((int)(times * SliceSeconds / Math.Max(seconds, 1e-6)), 1000, 1_000_000);
        }

        return times;
    }

    private static double TimeOf(Subject subject, int times)
    {
        long start = TimeProvider.System.GetTimestamp();
        subject.Run(times);
        return TimeProvider.System.GetElapsedTime(start).TotalNanoseconds;
    }

    private static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
