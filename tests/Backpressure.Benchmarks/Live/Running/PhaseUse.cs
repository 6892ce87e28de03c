namespace Backpressure.Benchmarks.Live;

/// <summary>How much of a core this process has used in each phase.</summary>
internal sealed class PhaseUse(IReadOnlyList<double> seconds, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<double> _shares = [];

    /// <summary>The first phase begins.</summary>
    public void Start() => _ = CountAsync();

    public double[] Shares()
    {
        lock (_lock)
        {
            return [.. _shares];
        }
    }

    private async Task CountAsync()
    {
        ProcessorUse use = new(time);
        long start = time.GetTimestamp();
        double end = 0;
        foreach (double phase in seconds)
        {
            end += phase;
            TimeSpan left = TimeSpan.FromSeconds(end) - time.GetElapsedTime(start);
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
            lock (_lock)
            {
                _shares.Add(use.Share());
            }

            use.Restart();
        }
    }
}
