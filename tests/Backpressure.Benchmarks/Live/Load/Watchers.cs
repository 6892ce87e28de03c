using System.Buffers;

namespace Backpressure.Benchmarks.Live;

/// <summary>Browsers that have the built-in page open and read what it is sent, each over a connection of its own.</summary>
internal sealed class Watchers(Uri events) : IDisposable
{
    private readonly HttpClient _client = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource _closed = new();
    private long _events;

    /// <summary>How often something came, on all pages.</summary>
    public long Events => Interlocked.Read(ref _events);

    /// <summary>Opens so many pages when they are due; those that are not closed before are when this is disposed of.</summary>
    /// <param name="wanted">How many, from when to when.</param>
    /// <param name="start">The timestamp from which seconds are counted.</param>
    public async Task OpenAsync(Watching wanted, long start, TimeProvider time)
    {
        await Task.Delay(Until(wanted.FromSecond), time, _closed.Token);
        using CancellationTokenSource closed = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        Task pages = Task.WhenAll(Enumerable.Range(0, wanted.Pages).Select(_ => WatchAsync(closed.Token)));
        if (wanted.ToSecond < double.MaxValue && await Task.WhenAny(pages, Task.Delay(Until(wanted.ToSecond), time, _closed.Token)) != pages)
        {
            await closed.CancelAsync();
            await pages.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        await pages;
        throw new InvalidOperationException("The server ended the page's events.");

        TimeSpan Until(double second)
        {
            long now = time.GetTimestamp();
            double left = second - ((now - start) / (double)time.TimestampFrequency);
            return TimeSpan.FromSeconds(Math.Max(0, left));
        }
    }

    public void Dispose()
    {
        _closed.Cancel();
        _client.Dispose();
        _closed.Dispose();
    }

    private async Task WatchAsync(CancellationToken closed)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(16384);
        try
        {
            using HttpResponseMessage response = await _client.GetAsync(events, HttpCompletionOption.ResponseHeadersRead, closed);
            response.EnsureSuccessStatusCode();
            await using Stream stream = await response.Content.ReadAsStreamAsync(closed);
            while (await stream.ReadAsync(buffer, closed) > 0)
            {
                Interlocked.Increment(ref _events);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
