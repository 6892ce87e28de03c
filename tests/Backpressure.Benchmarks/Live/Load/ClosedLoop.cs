namespace Backpressure.Benchmarks.Live;

/// <summary>Callers that each ask again as soon as they have been answered: never more in flight than there are callers.</summary>
internal sealed class ClosedLoop(Wires wires, ReadOnlyMemory<byte>[] requests, TimeProvider time)
{
    /// <summary>Returns how many answers of success came after the warm-up and before the end.</summary>
    public async Task<int> RunAsync(int callers, TimeSpan warmUp, TimeSpan length)
    {
        long start = time.GetTimestamp();
        int[] answers = await Task.WhenAll(Enumerable.Range(0, callers).Select(i => CallAsync(requests[i % requests.Length], start, warmUp, warmUp + length)));
        return answers.Sum();
    }

    private async Task<int> CallAsync(ReadOnlyMemory<byte> request, long start, TimeSpan from, TimeSpan to)
    {
        int answers = 0;
        while (time.GetElapsedTime(start) < to)
        {
            Wire wire = wires.Take();
            int status = await wire.ExchangeAsync(request);
            wires.GiveBack(wire);
            if (status == Wire.Failed)
            {
                return answers;
            }

            TimeSpan answered = time.GetElapsedTime(start);
            answers += status is >= 200 and <= 299 && answered >= from && answered < to ? 1 : 0;
        }

        return answers;
    }
}
