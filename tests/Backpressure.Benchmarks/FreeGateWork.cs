using System.Threading.RateLimiting;
using Polly;
using Polly.RateLimiting;

namespace Backpressure.Benchmarks;

/// <summary>In and out where nobody waits.</summary>
internal static class FreeGateWork
{
    private const int Limit = 1000;
    private static long _floor;

    public static Comparison OneThread() => new("admit + complete on a free gate", "ConcurrencyLimiter", [.. Subjects(static run => run)])
    {
        Claims =
        [
            new Claim("Backpressure", "ConcurrencyLimiter", 1.0, 0),
            new Claim("Backpressure", "floor", 1.3, 0),
        ],
    };

    // No target, for it could not be missed or met by anything but the clock.
    public static Comparison EveryOneMeasured() =>
        new("the same, every one measured", "ConcurrencyLimiter", [.. Subjects(static run => run, everyOneMeasured: true).Take(3)])
        {
            Note = "For information, as it is below 20 000 requests a second: two readings of the clock, which are most of the floor here and of which "
                + "the limiter makes none. Above that rate, as in the rows before, one of many is measured, and the free gate costs less than the two readings.",
        };

    public static Comparison TwoThreads() =>
        new("the same on two threads", "ConcurrencyLimiter", [.. Subjects(OnTwoThreads)])
        {
            Threads = 2,
            Claims = [new Claim("Backpressure", "ConcurrencyLimiter", 0.5)],
        };

    private static IEnumerable<Subject> Subjects(Func<Action<int>, Action<int>> arrange, bool everyOneMeasured = false)
    {
        LoadShedder shedder = Shedders.Fixed(Limit, Overflow.Shed);
        RequestClass any = shedder.ClassOf("any");
        if (everyOneMeasured)
        {
            // As it is below 20 000 requests a second, of which a loop makes millions.
            shedder.AdmitAsync(new AdmissionRequest(any)).Result.Complete(Outcome.Success);
            any.Resolved!.Downstream.Sampling.MostShift = 0;
        }

        var concurrency = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = Limit });
        PartitionedRateLimiter<string> partitioned = PartitionedRateLimiter.Create<string, string>(
            static key => RateLimitPartition.GetConcurrencyLimiter(key, static _ => new ConcurrencyLimiterOptions { PermitLimit = Limit }));
        ResiliencePipeline polly = new ResiliencePipelineBuilder().AddConcurrencyLimiter(Limit).Build();
        var semaphore = new SemaphoreSlim(Limit);

        yield return new Subject("floor", arrange(static times =>
        {
            long sum = 0;
            for (int i = 0; i < times; i++)
            {
                long start = TimeProvider.System.GetTimestamp();
                Interlocked.Increment(ref _floor);
                sum += TimeProvider.System.GetTimestamp() - start;
                Interlocked.Decrement(ref _floor);
            }

            GC.KeepAlive(sum);
        }));
        yield return new Subject("Backpressure", arrange(times =>
        {
            for (int i = 0; i < times; i++)
            {
                AdmissionLease lease = shedder.AdmitAsync(new AdmissionRequest(any)).Result;
                lease.Complete(Outcome.Success);
            }
        }));
        yield return new Subject("ConcurrencyLimiter", arrange(times =>
        {
            for (int i = 0; i < times; i++)
            {
                using RateLimitLease lease = concurrency.AttemptAcquire();
            }
        }));
        yield return new Subject("PartitionedRateLimiter", arrange(times =>
        {
            for (int i = 0; i < times; i++)
            {
                using RateLimitLease lease = partitioned.AttemptAcquire("any");
            }
        }));
        yield return new Subject("SemaphoreSlim", arrange(times =>
        {
            for (int i = 0; i < times; i++)
            {
                if (semaphore.Wait(0))
                {
                    semaphore.Release();
                }
            }
        }));
        yield return new Subject("Polly", arrange(times =>
        {
            for (int i = 0; i < times; i++)
            {
                polly.Execute(static () => { });
            }
        }));
    }

    private static Action<int> OnTwoThreads(Action<int> run) => times =>
    {
        using var barrier = new Barrier(2);
        var other = new Thread(() =>
        {
            barrier.SignalAndWait();
            run(times);
        });
        other.Start();
        barrier.SignalAndWait();
        run(times);
        other.Join();
    };
}
