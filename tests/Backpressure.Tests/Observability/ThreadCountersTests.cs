using Backpressure.Observability;
using Xunit;

namespace Backpressure.Tests.Observability;

public sealed class ThreadCountersTests
{
    private const int Additions = 100_000;

    // With room for every thread, for none (all share), and for a few.
    [Theory]
    [InlineData(512)]
    [InlineData(0)]
    [InlineData(12)]
    public void Increment_OfManyThreads_LosesNone(int room)
    {
        var counters = new ThreadCounters(2, room);

        // Two generations: the second may be given the numbers of the first.
        for (int generation = 0; generation < 2; generation++)
        {
            Thread[] threads = [.. Enumerable.Range(0, 8).Select(_ => new Thread(Add))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
        }

        Assert.Equal((2 * 8 * Additions, 2 * 8), (counters.Total(0), counters.Total(1)));

        void Add()
        {
            for (int i = 0; i < Additions; i++)
            {
                counters.Increment(0);
            }

            counters.Increment(1);
        }
    }
}
