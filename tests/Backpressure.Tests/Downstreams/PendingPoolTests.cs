using System.Collections.Concurrent;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Backpressure.Tests.Downstreams;

public sealed class PendingPoolTests
{
    private static readonly DownstreamSettings Settings =
        SettingsFactory.Build(new BackpressureOptions()).Downstreams["Default"];

    [Fact]
    public void Return_KeepsABoundedNumber()
    {
        using var downstream = new Downstream(Settings, shadow: false, TimeProvider.System, NullLogger.Instance);
        var pool = new PendingPool();
        for (int i = 0; i < 5000; i++)
        {
            pool.Return(new PendingAdmission(downstream));
        }

        int kept = 0;
        while (pool.TryRent() is not null)
        {
            kept++;
        }

        Assert.InRange(kept, 1, 1024);

        // What was left to the garbage collector takes no place for ever.
        pool.Return(new PendingAdmission(downstream));
        Assert.NotNull(pool.TryRent());
    }

    [Fact]
    public void TryRent_WhileTwoReturn_GivesEachNodeToOneAtATime()
    {
        using var downstream = new Downstream(Settings, shadow: false, TimeProvider.System, NullLogger.Instance);
        var pool = new PendingPool();
        var rented = new ConcurrentQueue<PendingAdmission>();
        for (int i = 0; i < 64; i++)
        {
            pool.Return(new PendingAdmission(downstream));
        }

        var inUse = new ConcurrentDictionary<PendingAdmission, bool>(ReferenceEqualityComparer.Instance as IEqualityComparer<PendingAdmission>);
        bool over = false;
        Thread[] returners = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (!Volatile.Read(ref over) || !rented.IsEmpty)
            {
                if (rented.TryDequeue(out PendingAdmission? node))
                {
                    inUse.TryRemove(node, out bool _);
                    pool.Return(node);
                }
                else
                {
                    Thread.Yield();
                }
            }
        }))];
        Array.ForEach(returners, thread => thread.Start());
        int twice = 0;
        for (int i = 0; i < 50_000;)
        {
            if (pool.TryRent() is { } node)
            {
                i++;
                twice += inUse.TryAdd(node, true) ? 0 : 1;
                rented.Enqueue(node);
            }
            else
            {
                Thread.Yield();
            }
        }

        Volatile.Write(ref over, true);
        Array.ForEach(returners, thread => Assert.True(thread.Join(TimeSpan.FromSeconds(60))));
        Assert.Equal(0, twice);
        int left = 0;
        while (pool.TryRent() is not null)
        {
            left++;
        }

        // Two that came back at once may have found the same place, and one of them is gone then.
        Assert.InRange(left, 1, 64);
    }
}
