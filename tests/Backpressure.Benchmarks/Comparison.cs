using System.Globalization;
using System.Runtime;

namespace Backpressure.Benchmarks;

/// <summary>Several subjects at the same work, in turns.</summary>
internal sealed class Comparison(string work, string over, params Subject[] subjects)
{
    private const int Rounds = 41;
    private const int QuickRounds = 9;
    private const double SliceNanoseconds = 4e6;
    private const double QuietSeconds = 0.5;
    private const double MostWarmSeconds = 10;

    /// <summary>The subject whose time is taken off everybody's: what is there without any of them.</summary>
    public string? Nothing { get; init; }

    public Claim[] Claims { get; init; } = [];

    /// <summary>How many threads do it: more than one, and time counts, not what one thread used of a processor.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>How often the work is done in a slice; 0: found by trying.</summary>
    public int Times { get; init; }

    public string Work => work;

    /// <summary>Has one subject do it for a while and nothing else, for a profiler to watch.</summary>
    public void Repeat(string subject, double seconds)
    {
        Subject chosen = subjects[IndexOf(subject)];
        int times = Times > 0 ? Times : 10_000;
        long start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start).TotalSeconds < seconds)
        {
            chosen.Run(times);
        }
    }

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

    // Until it is compiled for good: the compiler works beside it, and after a pause in which nothing new was asked of it.
    private void WarmUp(Subject subject, int times)
    {
        long start = TimeProvider.System.GetTimestamp();
        long quietSince = start;
        long compiled = -1;
        while (TimeProvider.System.GetElapsedTime(start).TotalSeconds < MostWarmSeconds
            && TimeProvider.System.GetElapsedTime(quietSince).TotalSeconds < QuietSeconds)
        {
            TimeOf(subject, times);
            if (JitInfo.GetCompiledMethodCount() is var count && count != compiled)
            {
                compiled = count;
                quietSince = TimeProvider.System.GetTimestamp();
            }
        }
    }

    private int FindTimes(Subject subject)
    {
        int times = Times > 0 ? Times : 1000;
        WarmUp(subject, times);
        while (Times == 0 && TimeOf(subject, times) is var took && (took < SliceNanoseconds / 2 || took > SliceNanoseconds * 2) && times is < 1_000_000 and > 10)
        {
            times = Math.Clamp((int)(times * SliceNanoseconds / Math.Max(took, 1000)), 10, 1_000_000);
        }

        return times;
    }

    private double TimeOf(Subject subject, int times)
    {
        if (Threads > 1)
        {
            long start = TimeProvider.System.GetTimestamp();
            subject.Run(times);
            return TimeProvider.System.GetElapsedTime(start).TotalNanoseconds;
        }

        double before = ThreadClock.Nanoseconds();
        subject.Run(times);
        return ThreadClock.Nanoseconds() - before;
    }

    private static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
