using FlashSale.Load;
using HdrHistogram;

namespace FlashSale.Acts;

/// <summary>What became of one act. Warm-up counts in the books and in the chart, nowhere else.</summary>
internal sealed class ActResult
{
    private readonly TimeSpan _length;

    public ActResult(Act act, Capacity capacity, RequestLog log, MemorySample[] memory, Books books, ShopEnd end)
    {
        Act = act;
        Books = books;
        End = end;
        _length = act.Length;
        Records = log.Records;
        Memory = [.. memory.Where(m => m.Bytes > 0).Select(m => (SecondsSince(m.At, log.Started, act), m.MiB))];
        if (end.At is { } at)
        {
            CrashedAfterSeconds = SecondsSince(at, log.Started, act) + act.WarmUp.TotalSeconds;
        }

        RequestRecord[] counted = [.. log.Records.Where(r => r.Phase == 1)];
        OfferedPerSecond = counted.Length / act.Length.TotalSeconds;
        Goodput = counted.Where(r => books.Served(r)).Sum(r => capacity.CostSeconds[(int)r.Route]) / act.Length.TotalSeconds / capacity.WorkPerSecond;
        ByPriority = Scenario.Priorities.ToDictionary(p => p, p => PriorityResult.From([.. counted.Where(r => Scenario.Routes[(int)r.Route].Priority == p)], books));
        RejectedByStatus = counted.Where(r => r.Ending == Ending.Answered && r.Status >= 400).GroupBy(r => (int)r.Status).ToDictionary(g => g.Key, g => g.Count());
        Unanswered = counted.Count(r => r.Ending != Ending.Answered);
        short[] advice = [.. counted.Where(r => r.RetryAfterSeconds > 0).Select(r => r.RetryAfterSeconds)];
        RetryAfterSeconds = advice.Length == 0 ? null : (advice.Min(), advice.Max());
        SendLagP99Ms = Percentiles.Of(counted.Select(r => r.SendLagMs)).P99Ms ?? 0;
    }

    public Act Act { get; }

    public Books Books { get; }

    public ShopEnd End { get; }

    public IReadOnlyList<RequestRecord> Records { get; }

    /// <summary>Seconds from the end of the warm-up, and MiB of physical memory.</summary>
    public IReadOnlyList<(double Second, double MiB)> Memory { get; }

    /// <summary>From the first request on, warm-up included.</summary>
    public double? CrashedAfterSeconds { get; }

    public double OfferedPerSecond { get; }

    /// <summary>Connection time of what was served in time, as a part of what the shop managed at its best.</summary>
    public double Goodput { get; }

    public IReadOnlyDictionary<string, PriorityResult> ByPriority { get; }

    public IReadOnlyDictionary<int, int> RejectedByStatus { get; }

    public int Rejected => RejectedByStatus.Values.Sum();

    public int Unanswered { get; }

    public (int Min, int Max)? RetryAfterSeconds { get; }

    public double SendLagP99Ms { get; }

    public bool IsVoid => SendLagP99Ms > Scenario.LargestSendLag.TotalMilliseconds;

    public double PeakMemoryMiB => Memory.Count == 0 ? 0 : Memory.Max(m => m.MiB);

    public PriorityResult Critical => ByPriority["Critical"];

    /// <summary>Mean memory of the first, second or third third of the measured time.</summary>
    public double MemoryOfThirdMiB(int third)
    {
        double[] inside = [.. Memory.Where(m => m.Second >= _length.TotalSeconds * third / 3 && m.Second <= _length.TotalSeconds * (third + 1) / 3).Select(m => m.MiB)];
        return inside.Length == 0 ? 0 : inside.Average();
    }

    private static double SecondsSince(DateTimeOffset moment, DateTimeOffset started, Act act) => (moment - started - act.WarmUp).TotalSeconds;
}

/// <summary>How the shop's process ended.</summary>
/// <param name="At">When, if it ended before it was asked to.</param>
/// <param name="Errors">What it wrote to standard error.</param>
internal sealed record ShopEnd(int ExitCode, DateTimeOffset? At, string Errors)
{
    public bool Crashed => At is not null;

    public bool RanOutOfMemory => Crashed && (Errors.Contains("OutOfMemoryException", StringComparison.Ordinal) || Errors.Contains("Out of memory", StringComparison.Ordinal));
}

/// <summary>What became of the requests of one priority; latencies are those of the served.</summary>
internal sealed record PriorityResult(int Offered, int Served, Percentiles Latency)
{
    public double ServedShare => Offered == 0 ? 0 : (double)Served / Offered;

    public static PriorityResult From(RequestRecord[] requests, Books books)
    {
        RequestRecord[] served = [.. requests.Where(r => books.Served(r))];
        return new PriorityResult(requests.Length, served.Length, Percentiles.Of(served.Select(r => r.LatencyMs)));
    }
}

/// <summary>In milliseconds; <see langword="null"/> when there was nothing to measure.</summary>
internal sealed record Percentiles(double? P50Ms, double? P99Ms)
{
    public static Percentiles Of(IEnumerable<double> milliseconds)
    {
        // Microseconds up to a minute, to three digits.
        LongHistogram histogram = new(60_000_000, 3);
        foreach (double value in milliseconds)
        {
            histogram.RecordValue(Math.Clamp((long)(value * 1000), 0, 60_000_000));
        }

        return histogram.TotalCount == 0
            ? new Percentiles(null, null)
            : new Percentiles(histogram.GetValueAtPercentile(50) / 1000.0, histogram.GetValueAtPercentile(99) / 1000.0);
    }
}
