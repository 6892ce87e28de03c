using System.Runtime;

namespace Backpressure.Benchmarks;

/// <summary>Several subjects at the same work, in turns.</summary>
internal sealed class Comparison(string work, string over, params Subject[] subjects)
{
    private const int Rounds = 21;
    private const int QuickRounds = 9;
    private const double QuietSeconds = 0.5;
    private const double MostWarmSeconds = 10;

    public Claim[] Claims { get; init; } = [];

    /// <summary>What a reader must know of it; null: nothing.</summary>
    public string? Note { get; init; }

    /// <summary>How many threads do it: more than one, and time counts, not what one thread used of a processor.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>How often the work is done in a slice; 0: found by trying.</summary>
    public int Times { get; init; }

    /// <summary>How long a slice is, where its times are found by trying.</summary>
    public double SliceNanoseconds { get; init; } = 4e6;

    public string Work => work;

    public IReadOnlyList<Subject> Subjects => subjects;

    /// <summary>Has one subject do it for a while and nothing else, for a profiler to watch.</summary>
    public void Repeat(string subject, double seconds)
    {
        Subject chosen = Array.Find(subjects, s => s.Name.Equals(subject, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"Subjects: {string.Join(", ", subjects.Select(s => s.Name))}.", nameof(subject));
        int times = Times > 0 ? Times : 10_000;
        long start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start).TotalSeconds < seconds)
        {
            chosen.Run(times);
        }
    }

    /// <summary>Measures in this process.</summary>
    /// <param name="quick">With fewer rounds.</param>
    /// <param name="first">Which subject is compiled first: what they share is compiled as suits the first best.</param>
    public Measured Measure(bool quick, int first)
    {
        int rounds = quick ? QuickRounds : Rounds;
        int[] times = new int[subjects.Length];
        for (int i = 0; i < subjects.Length; i++)
        {
            int next = (i + first) % subjects.Length;
            times[next] = FindTimes(subjects[next]);
        }

        double[][] nanoseconds = [.. subjects.Select(_ => new double[rounds])];
        double[] bytes = new double[subjects.Length];
        for (int round = 0; round < rounds; round++)
        {
            for (int turn = 0; turn < subjects.Length; turn++)
            {
                // Nobody always comes first, or after the same one.
                int i = round % 2 == 0 ? turn : subjects.Length - 1 - turn;
                long allocated = Allocated();
                nanoseconds[i][round] = TimeOf(subjects[i], times[i]) / times[i];
                bytes[i] = (double)(Allocated() - allocated) / times[i];
            }
        }

        return new Measured(
            work, over, Claims, [.. subjects.Select((s, i) => new Measured.Line(s.Name, s.Floor, s.IsFloor, nanoseconds[i], bytes[i]))], Note);
    }

    private long Allocated() => Threads > 1 ? GC.GetTotalAllocatedBytes() : GC.GetAllocatedBytesForCurrentThread();

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
}
