using System.Threading.RateLimiting;

namespace Backpressure.Benchmarks;

/// <summary>At a gate of one where many wait.</summary>
internal static class QueueWork
{
    private const int Times = 4000;

    public static IEnumerable<Comparison> All()
    {
        foreach (int waiters in (int[])[10, 1000, 100_000])
        {
            yield return HandOver(waiters);
            yield return Cancel(waiters);
        }
    }

    private static Comparison HandOver(int waiters)
    {
        LoadShedder shedder = Shedders.Fixed(1, Overflow.Block, waiters + 1);
        RequestClass any = shedder.ClassOf("any");
        AdmissionLease running = shedder.AdmitAsync(new AdmissionRequest(any)).Result;
        var ours = new Queue<ValueTask<AdmissionLease>>(waiters + 2);
        ConcurrencyLimiter limiter = Full(waiters, out RateLimitLease held);
        var theirs = new Queue<ValueTask<RateLimitLease>>(waiters + 2);
        for (int i = 0; i < waiters; i++)
        {
            ours.Enqueue(shedder.AdmitAsync(new AdmissionRequest(any)));
            theirs.Enqueue(limiter.AcquireAsync());
        }

        return new Comparison(
            $"queue of {waiters}: enqueue + hand over",
            "ConcurrencyLimiter",
            new Subject("Backpressure", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    ours.Enqueue(shedder.AdmitAsync(new AdmissionRequest(any)));
                    running.Complete(Outcome.Success);
                    running = AnswerOf(ours.Dequeue());
                }
            }),
            new Subject("ConcurrencyLimiter", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    theirs.Enqueue(limiter.AcquireAsync());
                    held.Dispose();
                    held = theirs.Dequeue().Result;
                }
            }))
        {
            Times = Times,
            Claims = [new Claim("Backpressure", "ConcurrencyLimiter", 1.5)],
        };
    }

    private static Comparison Cancel(int waiters)
    {
        LoadShedder shedder = Shedders.Fixed(1, Overflow.Block, waiters + 1);
        RequestClass any = shedder.ClassOf("any");
        ConcurrencyLimiter limiter = Full(waiters, out _);
        for (int i = 0; i <= waiters; i++)
        {
            _ = shedder.AdmitAsync(new AdmissionRequest(any));
            _ = i == 0 ? default : limiter.AcquireAsync();
        }

        return new Comparison(
            $"queue of {waiters}: enqueue + cancel",
            "ConcurrencyLimiter",
            new Subject("Backpressure", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    using var leaving = new CancellationTokenSource();
                    ValueTask<AdmissionLease> waiting = shedder.AdmitAsync(new AdmissionRequest(any), leaving.Token);
                    leaving.Cancel();
                    if (AnswerOf(waiting).IsAdmitted)
                    {
                        throw new InvalidOperationException("It was not cancelled.");
                    }
                }
            }),
            new Subject("ConcurrencyLimiter", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    // Its answer is not asked for: that would throw, at many times the cost of all else.
                    using var leaving = new CancellationTokenSource();
                    _ = limiter.AcquireAsync(1, leaving.Token);
                    leaving.Cancel();
                }
            }))
        {
            Times = Times,
            Claims = [new Claim("Backpressure", "ConcurrencyLimiter", 1.0)],
        };
    }

    // Now and then the timer has taken the lock first and is about to tell; an answer must not be asked for before it is there.
    private static AdmissionLease AnswerOf(ValueTask<AdmissionLease> waiting)
    {
        while (!waiting.IsCompleted)
        {
            Thread.Yield();
        }

        return waiting.Result;
    }

    private static ConcurrencyLimiter Full(int waiters, out RateLimitLease held)
    {
        var limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = 1, QueueLimit = waiters + 1 });
        held = limiter.AttemptAcquire();
        return limiter;
    }
}
