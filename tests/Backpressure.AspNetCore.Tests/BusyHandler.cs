namespace Backpressure.AspNetCore.Tests;

/// <summary>A handler that ends when the test says so.</summary>
internal sealed class BusyHandler : IDisposable
{
    private readonly SemaphoreSlim _entered = new(0);
    private readonly SemaphoreSlim _release = new(0);
    private int _running;
    private int _mostRunning;

    public int Running => Volatile.Read(ref _running);

    public int MostRunning => Volatile.Read(ref _mostRunning);

    /// <summary>Works on whoever leaves, as most handlers do.</summary>
    public async Task RunAsync()
    {
        int running = Interlocked.Increment(ref _running);
        int most;
        while (running > (most = Volatile.Read(ref _mostRunning)) && Interlocked.CompareExchange(ref _mostRunning, running, most) != most)
        {
        }

        _entered.Release();
        await _release.WaitAsync();
        Interlocked.Decrement(ref _running);
    }

    public async Task EnteredAsync(int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.True(await _entered.WaitAsync(Site.Patience), "No request came to its handler.");
        }
    }

    public void Release(int count = 1) => _release.Release(count);

    public void Dispose()
    {
        _entered.Dispose();
        _release.Dispose();
    }
}
