namespace FlashSale.Load;

/// <summary>
/// Requests arrive as people do: at random (Poisson), and whether or not those before them have been served. When a
/// request is to be sent is drawn beforehand and its latency is counted from then, so neither a slow shop nor a slow
/// generator can make the figures look better (no coordinated omission).
/// </summary>
internal sealed class OpenLoop(ShopClient client, LoadSettings settings, RequestLog log, TimeProvider time)
{
    private const int FirstVisitors = 8;
    private const int FirstVisits = 10;

    private static readonly TimeSpan LongestFirstVisits = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan BeforeTheStart = TimeSpan.FromMilliseconds(-1);

    private readonly Traffic _traffic = new(settings.CheckoutsOnly);
    private readonly TaskCompletionSource _allEnded = new();
    private long _start = time.GetTimestamp();
    private volatile bool _nobodyThere;

    /// <summary>Requests under way, and one for the loop itself.</summary>
    private int _open = 1;

    /// <summary>The shop's process has ended: further arrivals are counted as unserved without being tried.</summary>
    public void ShopHasDied() => _nobodyThere = true;

    /// <summary>Sends until the time is up, then waits for every answer still due.</summary>
    public async Task RunAsync()
    {
        await Task.WhenAll(Enumerable.Range(0, FirstVisitors).Select(_ => VisitFirstAsync()));
        _start = log.Start(time);

        // A thread of its own: it must not queue for one behind the very answers that it is independent of.
        Thread sender = new(SendAll) { IsBackground = true, Name = "Open loop", Priority = ThreadPriority.AboveNormal };
        sender.Start();
        await _allEnded.Task;
    }

    /// <summary>
    /// A few clients, one request after another, before the crowd: a process that has just started has yet to compile
    /// what it runs, and that is not what the acts are about.
    /// </summary>
    private async Task VisitFirstAsync()
    {
        for (int i = 0; i < FirstVisits && time.GetElapsedTime(_start) < LongestFirstVisits; i++)
        {
            await RequestAsync(phase: 0, scheduled: BeforeTheStart, sendLag: TimeSpan.Zero, sent: time.GetElapsedTime(_start));
        }
    }

    private void SendAll()
    {
        TimeSpan end = settings.WarmUp + settings.Length;
        using ManualResetEventSlim never = new();
        TimeSpan next = NextGap(TimeSpan.Zero);
        while (next < end)
        {
            while (next < end && next <= time.GetElapsedTime(_start))
            {
                Interlocked.Increment(ref _open);
                _ = SendAsync(next);
                next += NextGap(next);
            }

            never.Wait(1);
        }

        Ended();
    }

    private void Ended()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _allEnded.TrySetResult();
        }
    }

    private TimeSpan NextGap(TimeSpan now)
    {
        // The crowd gathers during the first third of the warm-up.
        double gathered = now < settings.WarmUp ? Math.Min(1, 0.1 + (now / (settings.WarmUp / 3))) : 1;
        return TimeSpan.FromSeconds(-Math.Log(1 - Random.Shared.NextDouble()) / (settings.RequestsPerSecond * gathered));
    }

    private async Task SendAsync(TimeSpan scheduled)
    {
        TimeSpan sendLag = time.GetElapsedTime(_start) - scheduled;
        await RequestAsync((byte)(scheduled < settings.WarmUp ? 0 : 1), scheduled, sendLag, sent: scheduled);
        Ended();
    }

    private async Task RequestAsync(byte phase, TimeSpan scheduled, TimeSpan sendLag, TimeSpan sent)
    {
        ShopRoute route = _traffic.Next();
        Guid id = Traffic.NextId(route);
        TimeSpan patience = TimeSpan.FromMilliseconds(Scenario.Routes[(int)route].ClientTimeoutMs);
        Answer answer = _nobodyThere ? new Answer(Ending.NobodyThere) : await client.SendAsync(route, id, patience - sendLag);
        TimeSpan latency = time.GetElapsedTime(_start) - sent;
        log.Add(new RequestRecord(
            phase, route, id, scheduled.TotalMilliseconds, sendLag.TotalMilliseconds, latency.TotalMilliseconds, answer.Ending, answer.Status, answer.RetryAfterSeconds));
    }
}
