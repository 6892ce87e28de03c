namespace FlashSale.Load;

/// <summary>
/// A given number of callers, each asking again as soon as it has been answered: never more in flight than that, so
/// the shop shows what it can do when nothing is too much. Several numbers are tried one after the other.
/// </summary>
internal sealed class ClosedLoop(ShopClient client, LoadSettings settings, RequestLog log, TimeProvider time)
{
    private readonly Traffic _traffic = new(settings.CheckoutsOnly);
    private readonly long _start = time.GetTimestamp();

    public async Task RunAsync()
    {
        await RunLevelAsync(phase: 0, settings.Workers!.Max(), settings.WarmUp);
        for (int level = 0; level < settings.Workers!.Count; level++)
        {
            await RunLevelAsync((byte)(level + 1), settings.Workers[level], settings.Length);
        }
    }

    private Task RunLevelAsync(byte phase, int workers, TimeSpan length)
    {
        TimeSpan end = time.GetElapsedTime(_start) + length;
        Task[] running = [.. Enumerable.Range(0, workers).Select(_ => WorkAsync(phase, end))];
        return Task.WhenAll(running);
    }

    private async Task WorkAsync(byte phase, TimeSpan end)
    {
        while (time.GetElapsedTime(_start) is var sent && sent < end)
        {
            ShopRoute route = _traffic.Next();
            Guid id = Traffic.NextId(route);
            Answer answer = await client.SendAsync(route, id, TimeSpan.FromMilliseconds(Scenario.Routes[(int)route].ClientTimeoutMs));
            TimeSpan answered = time.GetElapsedTime(_start);
            if (answered > end)
            {
                // The others of this level have stopped: what ends now ran with fewer in flight.
                phase = 0;
            }

            log.Add(new RequestRecord(
                phase, route, id, sent.TotalMilliseconds, 0, (answered - sent).TotalMilliseconds, answer.Ending, answer.Status, answer.RetryAfterSeconds));
        }
    }
}
