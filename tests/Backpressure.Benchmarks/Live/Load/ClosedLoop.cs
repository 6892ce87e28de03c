namespace Backpressure.Benchmarks.Live;

/// <summary>Callers that each ask again as soon as they have been answered: never more in flight than there are callers.</summary>
internal sealed class ClosedLoop(Wires wires, ReadOnlyMemory<byte>[] requests, TimeProvider time)
{
    /// <summary>Returns how many answers of success came in time.</summary>
    public async Task<int> RunAsync(int callers, TimeSpan length)
    {
        long start = time.GetTimestamp();
        int[] answers = await Task.WhenAll(Enumerable.Range(0, callers).Select(i => CallAsync(requests[i % requests.Length], start, length)));
        return answers.Sum();
    }

    private async Task<int> CallAsync(ReadOnlyMemory<byte> request, long start, TimeSpan length)
    {
        int answers = 0;
        while (time.GetElapsedTime(start) < length)
        {
            Wire wire = wires.Take();
            int status = await wire.ExchangeAsync(request);
            wires.GiveBack(wire);
            if (status == Wire.Failed)
            {
                return answers;
            }

            answers += status is >= 200 and <= 299 && time.GetElapsedTime(start) < length ? 1 : 0;
        }

        return answers;
    }
}
