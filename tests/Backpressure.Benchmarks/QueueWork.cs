using System.Threading.RateLimiting;

namespace Backpressure.Benchmarks;

/// <summary>At a gate of one where many wait.</summary>
internal static class QueueWork
{
    private const int Times = 4000;
    private const int ManyWaiters = 100_000;

    public static IEnumerable<Comparison> All()
    {
        foreach (int waiters in (int[])[10, 1000, ManyWaiters])
        {
            yield return HandOver(waiters);
            yield return Cancel(waiters);
            yield return Evict(waiters);
        }

        yield return Flat();
        yield return BytesOfWaiter();
    }

    private static Comparison HandOver(int waiters)
    {
        LoadShedder shedder = Shedders.Fixed(1, Overflow.Block, waiters + 1);
        RequestClass any = shedder.ClassOf("any");
        AdmissionLease running = shedder.AdmitAsync(new AdmissionRequest(any)).Result;
        var ours = new Queue<ValueTask<AdmissionLease>>(waiters + 2);
        ConcurrencyLimiter limiter = Full(waiters, out RateLimitLease held);
        var theirs = new Queue<ValueTask<RateLimitLease>>(waiters + 2);
        var semaphore = new SemaphoreSlim(0);
        var tasks = new Queue<Task>(waiters + 2);
        for (int i = 0; i < waiters; i++)
        {
            ours.Enqueue(shedder.AdmitAsync(new AdmissionRequest(any)));
            theirs.Enqueue(limiter.AcquireAsync());
            tasks.Enqueue(semaphore.WaitAsync());
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
            }),
            new Subject("SemaphoreSlim, any count", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    tasks.Enqueue(semaphore.WaitAsync());
                    semaphore.Release();
                    if (!tasks.Dequeue().IsCompletedSuccessfully)
                    {
                        throw new InvalidOperationException("It was not handed over.");
                    }
                }
            }))
        {
            Times = Times,
            Claims = [new Claim("Backpressure", "ConcurrencyLimiter", 1.5)],
            Note = "Polly's limiter has no queue but that of ConcurrencyLimiter. A SemaphoreSlim's has no end, and it knows neither who holds a permit nor how many there are.",
        };
    }

    // The same at gates where few and many wait.
    private static Comparison Flat() =>
        new("enqueue + hand over, by how many wait", "10 wait", [.. ((int[])[10, 1000, ManyWaiters]).Select(OfMany)])
        {
            Times = Times,
            Claims = [new Claim("1000 wait", "10 wait", 1.25, 0), new Claim($"{ManyWaiters} wait", "10 wait", 1.25, 0)],
        };

    private static Subject OfMany(int waiters)
    {
        LoadShedder shedder = Shedders.Fixed(1, Overflow.Block, waiters + 1);
        RequestClass any = shedder.ClassOf("any");
        AdmissionLease running = shedder.AdmitAsync(new AdmissionRequest(any)).Result;
        var waiting = new Queue<ValueTask<AdmissionLease>>(waiters + 2);
        for (int i = 0; i < waiters; i++)
        {
            waiting.Enqueue(shedder.AdmitAsync(new AdmissionRequest(any)));
        }

        return new Subject($"{waiters} wait", times =>
        {
            for (int i = 0; i < times; i++)
            {
                waiting.Enqueue(shedder.AdmitAsync(new AdmissionRequest(any)));
                running.Complete(Outcome.Success);
                running = AnswerOf(waiting.Dequeue());
            }
        });
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

    // A queue full of Low: somebody Critical takes the place of one, is let in, and another Low comes. The peer cannot evict: there
    // one leaves by itself.
    private static Comparison Evict(int waiters)
    {
        var options = new BackpressureOptions();
        Shedders.Configure(options, 1, Overflow.Shed);
        options.Downstreams["Default"].Queue = new QueueOptions { Capacity = waiters, MinShare = 0 };
        options.Policies["Default"].MaxWait = TimeSpan.FromMinutes(10);
        var shedder = new LoadShedder(options);
        RequestClass low = shedder.ClassOf("any", priority: Priority.Low);
        RequestClass critical = shedder.ClassOf("any", priority: Priority.Critical);
        AdmissionLease running = shedder.AdmitAsync(new AdmissionRequest(critical)).Result;
        for (int i = 0; i < 1000; i++)
        {
            // So that it knows how fast it drains before it has to say how long a wait would be.
            ValueTask<AdmissionLease> next = shedder.AdmitAsync(new AdmissionRequest(critical));
            running.Complete(Outcome.Success);
            running = AnswerOf(next);
        }

        ValueTask<AdmissionLease> newest = default;
        for (int i = 0; i < waiters; i++)
        {
            newest = shedder.AdmitAsync(new AdmissionRequest(low));
        }

        ConcurrencyLimiter limiter = Full(waiters, out RateLimitLease held);
        var theirs = new Queue<ValueTask<RateLimitLease>>(waiters + 2);
        for (int i = 0; i < waiters; i++)
        {
            theirs.Enqueue(limiter.AcquireAsync());
        }

        return new Comparison(
            $"queue of {waiters}: evict one, hand over, enqueue another",
            "ConcurrencyLimiter, one cancelled",
            new Subject("Backpressure", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    ValueTask<AdmissionLease> next = shedder.AdmitAsync(new AdmissionRequest(critical));
                    if (AnswerOf(newest).Reason != RejectionReason.Evicted)
                    {
                        throw new InvalidOperationException("It was not evicted.");
                    }

                    running.Complete(Outcome.Success);
                    running = AnswerOf(next);
                    newest = shedder.AdmitAsync(new AdmissionRequest(low));
                }
            }),
            new Subject("ConcurrencyLimiter, one cancelled", times =>
            {
                for (int i = 0; i < times; i++)
                {
                    using var leaving = new CancellationTokenSource();
                    _ = limiter.AcquireAsync(1, leaving.Token);
                    leaving.Cancel();
                    theirs.Enqueue(limiter.AcquireAsync());
                    held.Dispose();
                    held = theirs.Dequeue().Result;
                }
            }))
        {
            Times = Times,
            Claims = [new Claim("Backpressure", "ConcurrencyLimiter, one cancelled", 1.0)],
        };
    }

    // What is allocated for each of many, with a gate of their own each time so that no node serves again.
    private static Comparison BytesOfWaiter()
    {
        var ours = new ValueTask<AdmissionLease>[ManyWaiters];
        var theirs = new ValueTask<RateLimitLease>[ManyWaiters];
        return new Comparison(
            $"a new gate, {ManyWaiters} enqueue, it ends: bytes a waiter",
            "ConcurrencyLimiter",
            new Subject("Backpressure", times =>
            {
                using LoadShedder shedder = Shedders.Fixed(1, Overflow.Block, ManyWaiters);
                RequestClass any = shedder.ClassOf("any");
                _ = shedder.AdmitAsync(new AdmissionRequest(any)).Result;
                for (int i = 0; i < times; i++)
                {
                    ours[i] = shedder.AdmitAsync(new AdmissionRequest(any));
                }
            }),
            new Subject("ConcurrencyLimiter", times =>
            {
                using ConcurrencyLimiter limiter = Full(ManyWaiters, out _);
                for (int i = 0; i < times; i++)
                {
                    theirs[i] = limiter.AcquireAsync();
                }
            }))
        {
            Times = ManyWaiters,
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
