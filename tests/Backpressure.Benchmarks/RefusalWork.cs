using System.Threading.RateLimiting;
using Polly;
using Polly.RateLimiting;

namespace Backpressure.Benchmarks;

/// <summary>Turned away at a full gate.</summary>
internal static class RefusalWork
{
    public static Comparison Refusal()
    {
        LoadShedder shedder = Shedders.Fixed(1, Overflow.Reject);
        Shedders.Fill(shedder);
        RequestClass any = shedder.ClassOf("any");
        var concurrency = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = 1 });
        PartitionedRateLimiter<string> partitioned = PartitionedRateLimiter.Create<string, string>(
            static key => RateLimitPartition.GetConcurrencyLimiter(key, static _ => new ConcurrencyLimiterOptions { PermitLimit = 1 }));
        PartitionedRateLimiter<string> bucket = PartitionedRateLimiter.Create<string, string>(
            static key => RateLimitPartition.GetTokenBucketLimiter(key, static _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = 1,
                TokensPerPeriod = 1,
                ReplenishmentPeriod = TimeSpan.FromHours(1),
                AutoReplenishment = false,
            }));
        var semaphore = new SemaphoreSlim(0);
        var release = new TaskCompletionSource();
        ResiliencePipeline polly = new ResiliencePipelineBuilder().AddConcurrencyLimiter(1).Build();
        _ = polly.ExecuteAsync(async _ => await release.Task).AsTask();
        _ = concurrency.AttemptAcquire();
        _ = partitioned.AttemptAcquire("any");
        _ = bucket.AttemptAcquire("any");

        return new Comparison(
            "refusal, with Retry-After where there is one",
            "PartitionedRateLimiter",
            new Subject("Backpressure", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    AdmissionLease lease = shedder.AdmitAsync(new AdmissionRequest(any)).Result;
                    if (lease.IsAdmitted || lease.RetryAfter <= TimeSpan.Zero)
                    {
                        throw new InvalidOperationException("The gate was not full.");
                    }
                }
            }),
            new Subject("PartitionedRateLimiter", times => RunPartitioned(partitioned, times)),
            new Subject("PartitionedRateLimiter, Retry-After", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    using RateLimitLease lease = bucket.AttemptAcquire("any");
                    if (lease.IsAcquired || !lease.TryGetMetadata(MetadataName.RetryAfter, out _))
                    {
                        throw new InvalidOperationException("The bucket was not empty.");
                    }
                }
            }),
            new Subject("ConcurrencyLimiter, no Retry-After", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    using RateLimitLease lease = concurrency.AttemptAcquire();
                }
            }),
            new Subject("SemaphoreSlim, no Retry-After", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    _ = semaphore.Wait(0);
                }
            }),
            new Subject("Polly, no Retry-After", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    RefuseByPolly(polly);
                }
            }))
        {
            Claims = [new Claim("Backpressure", "PartitionedRateLimiter", 1.0, 0)],
        };
    }

    // It says no by an exception.
    private static void RefuseByPolly(ResiliencePipeline polly)
    {
        try
        {
            polly.Execute(static () => throw new InvalidOperationException("The limiter was not full."));
        }
        catch (RateLimiterRejectedException)
        {
        }
    }

    private static void RunPartitioned(PartitionedRateLimiter<string> partitioned, int times)
    {
        for (int i = 0; i < times; i++)
        {
            using RateLimitLease lease = partitioned.AttemptAcquire("any");
        }
    }
}
