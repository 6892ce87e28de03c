using System.Globalization;
using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class GateLockTests
{
    private GateLock _lock = new();

    [Fact]
    public void Hold_HasItUntilTheScopeEnds()
    {
        using (_lock.Hold())
        {
            Assert.True(_lock.IsHeld);
            Assert.False(_lock.TryEnter());
        }

        Assert.False(_lock.IsHeld);
    }

    [Fact]
    public void Hold_WhereWhatIsDoneThrows_LetsGoOfIt()
    {
        Assert.Throws<FormatException>(void () =>
        {
            using (_lock.Hold())
            {
                _ = int.Parse("none", CultureInfo.InvariantCulture);
            }
        });

        Assert.False(_lock.IsHeld);
    }

    [Fact]
    public void TryEnter_TakesItUntilItIsLeft()
    {
        Assert.True(_lock.TryEnter());
        Assert.False(_lock.TryEnter());
        _lock.Exit();
        Assert.True(_lock.TryEnter());
        _lock.Exit();
    }

    // More threads than processors, so that one who has it is put aside now and then and the others have to let it run.
    [Fact]
    public async Task ByManyAtOnce_OneHasItAtATime()
    {
        int rounds = Effort.Of(100_000);
        long count = 0;
        long tried = 0;
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount * 4).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < rounds; i++)
                {
                    using (_lock.Hold())
                    {
                        count++;
                    }

                    if (_lock.TryEnter())
                    {
                        tried++;
                        _lock.Exit();
                    }
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

        Assert.Equal((long)rounds * Environment.ProcessorCount * 4, count);
        Assert.InRange(tried, 1, count);
        Assert.False(_lock.IsHeld);
    }
}
