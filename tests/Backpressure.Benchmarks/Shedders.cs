namespace Backpressure.Benchmarks;

/// <summary>The shedders that take part.</summary>
internal static class Shedders
{
    public static LoadShedder Fixed(int limit, Overflow overflow, int queue = 1000)
    {
        var options = new BackpressureOptions();
        Configure(options, limit, overflow, queue);
        return new LoadShedder(options);
    }

    public static void Configure(BackpressureOptions options, int limit, Overflow overflow, int queue = 1000)
    {
        options.Downstreams["Default"] = new DownstreamOptions
        {
            Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = limit },
            Queue = new QueueOptions { BlockCapacity = queue },
        };
        options.Policies["Default"] = new PolicyOptions { Overflow = overflow };
        if (overflow == Overflow.Block)
        {
            options.Policies["Default"].MaxWait = TimeSpan.FromMinutes(10);
        }
    }

    /// <summary>Lets some come and go at a full gate of one, so that it knows how fast it drains, and leaves it full.</summary>
    public static void Fill(LoadShedder shedder)
    {
        var request = new AdmissionRequest(shedder.ClassOf("fill"));
        AdmissionLease running = shedder.AdmitAsync(request).Result;
        for (int i = 0; i < 1000; i++)
        {
            _ = shedder.AdmitAsync(request).Result;
            running.Complete(Outcome.Success);
            running = shedder.AdmitAsync(request).Result;
        }
    }
}
