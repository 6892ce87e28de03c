using Backpressure.RateLimiting;
using Backpressure.Redis.Limits;

namespace Backpressure.Redis.Tests.Limits;

public sealed class RefusalMemoryTests
{
    private static readonly PartitionKey Key = new("key");

    [Fact]
    public void IsRefused_UntilTheStoreHasSomethingAgain_AndNoLonger()
    {
        var memory = new RefusalMemory(10);
        memory.Remember(Key, until: 100, now: 50);

        Assert.True(memory.IsRefused(Key, 99, out long until));
        Assert.Equal(100, until);
        Assert.False(memory.IsRefused(new PartitionKey("another"), 99, out _));
        Assert.False(memory.IsRefused(Key, 100, out _));
        Assert.Equal(0, memory.Count);
    }

    [Fact]
    public void Remember_OfAnswersThatOverlap_KeepsTheNearerEnd()
    {
        var memory = new RefusalMemory(10);
        memory.Remember(Key, until: 100, now: 50);
        memory.Remember(Key, until: 120, now: 60);

        Assert.False(memory.IsRefused(Key, 100, out _));

        memory.Remember(Key, until: 130, now: 100);
        memory.Remember(Key, until: 110, now: 100);
        Assert.False(memory.IsRefused(Key, 110, out _));
    }

    [Fact]
    public void Remember_OfWhatIsOverAlready_IsNotKept()
    {
        var memory = new RefusalMemory(10);

        memory.Remember(Key, until: 50, now: 50);

        Assert.Equal(0, memory.Count);
    }

    [Fact]
    public void Remember_OfMoreKeysThanItHolds_ForgetsThoseWhoseTimeIsOver()
    {
        var memory = new RefusalMemory(3);
        for (int i = 0; i < 10; i++)
        {
            memory.Remember(new PartitionKey($"{i}"), until: 100, now: 50);
        }

        Assert.Equal(3, memory.Count);
        memory.Remember(Key, until: 200, now: 100);
        memory.Remember(Key, until: 200, now: 100);
        Assert.Equal(1, memory.Count);
        Assert.True(memory.IsRefused(Key, 150, out _));
    }

    [Fact]
    public void Memory_UnderParallelUse_NeverHoldsMoreThanItsCapacity()
    {
        var memory = new RefusalMemory(50);
        Parallel.For(0, 20_000, i =>
        {
            var key = new PartitionKey($"{i % 200}");
            memory.Remember(key, until: i + 20, now: i);
            memory.IsRefused(key, i + 10, out _);
            Assert.InRange(memory.Count, 0, 50 + Environment.ProcessorCount);
        });

        memory.Remember(Key, until: 1_000_001, now: 1_000_000);
        memory.Remember(Key, until: 1_000_001, now: 1_000_000);
        Assert.InRange(memory.Count, 0, 50);
    }
}
