using System.Threading.Channels;

namespace FlashSale.Shop;

/// <summary>
/// What act 1 does instead of backpressure, as many apps do: accept now, work later. The queue stands before the same
/// pool as everything else and holds each request's body until its turn, in the one place where nobody sees it grow.
/// </summary>
internal sealed class UnboundedQueue(ConnectionPool pool)
{
    private readonly Channel<Func<Task>> _queue = Channel.CreateUnbounded<Func<Task>>();

    public void Add<TRow>(ShopRoute route, Action<ShopConnection, TRow> write, TRow row)
        => _queue.Writer.TryWrite(() => pool.WriteAsync(route, write, row, CancellationToken.None));

    /// <summary>Works the queue off, as many at a time as there are connections, until the app ends or one of them fails.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        Task[] workers = [.. Enumerable.Range(0, Scenario.PoolSize).Select(_ => WorkAsync(stopping))];
        try
        {
            await await Task.WhenAny(workers);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The app ends, and what is still queued is lost.
        }
    }

    private async Task WorkAsync(CancellationToken stopping)
    {
        await foreach (Func<Task> work in _queue.Reader.ReadAllAsync(stopping))
        {
            await work();
        }
    }
}
