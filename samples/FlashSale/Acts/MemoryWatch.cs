using FlashSale.Processes;

namespace FlashSale.Acts;

/// <summary>Reads a process's physical memory four times a second.</summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly List<MemorySample> _samples = [];
    private readonly ITimer _timer;

    public MemoryWatch(ChildProcess process, TimeProvider time)
    {
        _timer = time.CreateTimer(
            _ =>
            {
                long bytes = process.WorkingSet();
                lock (_lock)
                {
                    _samples.Add(new MemorySample(time.GetUtcNow(), bytes));
                }
            },
            state: null,
            TimeSpan.Zero,
            Every);
    }

    public MemorySample[] Samples
    {
        get
        {
            lock (_lock)
            {
                return [.. _samples];
            }
        }
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();
}

/// <summary>Physical memory at a moment; 0 bytes: the process had ended.</summary>
internal readonly record struct MemorySample(DateTimeOffset At, long Bytes)
{
    public double MiB => Bytes / (1024.0 * 1024.0);
}
