using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Backpressure.Observability;
using Backpressure.Schedules.Controlled;
using Microsoft.Coyote.Runtime;
using Xunit;

namespace Backpressure.Schedules;

/// <summary>A shedder, and what is inside of its gate as the requests themselves see it.</summary>
internal sealed class Rig : IDisposable
{
    /// <summary>Longer than any schedule: only the end of a test brings the clock so far.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private int _inside;

    /// <param name="settings">From <see cref="Fixed"/>.</param>
    /// <param name="systemClock">Whether to take the system's clock, with which admission has a short way of its own.</param>
    public Rig(ShedderSettings settings, bool systemClock = false)
    {
        // Nothing runs beside this, so there is nothing to interleave.
        SchedulingPoint.Suppress();
        Time = systemClock ? ControlledTime.BeginSystem() : new ControlledTime();
        Shedder = new LoadShedder(settings, Time, null, null);
        Limit = settings.Downstreams["Default"].Limit.Initial;
        Any = ClassOf("Default");
        SchedulingPoint.Resume();
    }

    public ControlledTime Time { get; }

    public LoadShedder Shedder { get; }

    public RequestClass Any { get; }

    /// <summary>What may be inside at once.</summary>
    public int Limit { get; init; }

    public Downstream Downstream => Any.Resolved!.Downstream;

    public Gate Gate => Downstream.Gate;

    /// <summary>One downstream of a fixed limit, whose requests wait as long as they must.</summary>
    public static ShedderSettings Fixed(int limit, Action<BackpressureOptions>? change = null)
    {
        var options = new BackpressureOptions();
        options.Downstreams["Default"] = new DownstreamOptions
        {
            Limit = new LimitOptions { Algorithm = LimitAlgorithm.Fixed, Value = limit },
        };
        options.Policies["Default"] = new PolicyOptions { MaxWait = Long };
        change?.Invoke(options);
        return SettingsFactory.Build(options);
    }

    /// <summary>A class with everything about it worked out, so that schedules do not differ in that.</summary>
    public RequestClass ClassOf(string policy)
    {
        RequestClass requestClass = Shedder.ClassOf("any", policy);
        Shedder.PolicyOf(requestClass);
        return requestClass;
    }

    /// <summary>Requests come so fast from now that few are measured, and not the next.</summary>
    public void MeasureFew()
    {
        SchedulingPoint.Suppress();
        Downstream.Sampling.Look(completed: 1 << 20, Time.GetTimestamp() + Time.TimestampFrequency);
        SchedulingPoint.Resume();
    }

    /// <summary>Takes a slot that is free.</summary>
    public AdmissionLease Hold(int cost = 0)
    {
        SchedulingPoint.Suppress();
        Task<AdmissionLease> answer = Shedder.AdmitAsync(new AdmissionRequest(Any) { Cost = cost }).AsTask();
        Assert.True(answer.IsCompleted, "It waits.");
        AdmissionLease lease = answer.Result;
        Assert.Equal(AdmissionDecision.Admitted, lease.Decision);
        Interlocked.Add(ref _inside, lease.Cost);
        SchedulingPoint.Resume();
        return lease;
    }

    /// <summary>Takes a slot once there is one.</summary>
    public async Task<AdmissionLease> Admit() => await Shedder.AdmitAsync(new AdmissionRequest(Any));

    /// <summary>Takes the shadow's slot, and no other.</summary>
    public AdmissionLease HoldObserved()
    {
        SchedulingPoint.Suppress();
        AdmissionLease lease = Shedder.AdmitAsync(new AdmissionRequest(Any)).AsTask().Result;
        SchedulingPoint.Resume();
        return lease;
    }

    /// <summary>Lets go of what <see cref="Hold"/> took.</summary>
    public Task End(AdmissionLease lease)
    {
        Interlocked.Add(ref _inside, -lease.Cost);
        lease.Complete(Outcome.Success);
        lease.Complete(Outcome.Success);
        return Task.CompletedTask;
    }

    /// <summary>What <see cref="Hold"/> took turns out to be lighter.</summary>
    public void Lighten(ref AdmissionLease lease, int cost)
    {
        Interlocked.Add(ref _inside, cost - lease.Cost);
        lease.CorrectCost(cost);
    }

    /// <summary>What <see cref="Hold"/> took lives on without its slot.</summary>
    public bool BecomeLongLived(ref AdmissionLease lease)
    {
        Interlocked.Add(ref _inside, -lease.Cost);
        return lease.BecomeLongLived();
    }

    /// <summary>A caller that goes.</summary>
    public static Task Leave(ControlledTokenSource source)
    {
        source.Cancel();
        return Task.CompletedTask;
    }

    public Task Reload(ShedderSettings settings)
    {
        Shedder.Reconfigure(settings);
        return Task.CompletedTask;
    }

    /// <summary>Lets time pass and fires the timers.</summary>
    public Task Tick(TimeSpan after = default)
    {
        Time.Pass(after);
        Time.RunTimers();
        return Task.CompletedTask;
    }

    public Task<AdmissionLease> Run(RequestClass requestClass, ControlledToken token = default) =>
        Run(new AdmissionRequest(requestClass), token);

    /// <summary>A request from its beginning to its end, which sees to it that the limit holds while it runs.</summary>
    public async Task<AdmissionLease> Run(AdmissionRequest request, ControlledToken token = default)
    {
        AdmissionLease lease = await Shedder.AdmitAsync(request, token);
        if (lease.Decision == AdmissionDecision.Admitted && lease.HoldsSlot)
        {
            // One that is heavier than the whole limit runs alone. Counted after entering and uncounted before
            // leaving, so this never exceeds what the gate holds.
            int others = Interlocked.Add(ref _inside, lease.Cost) - lease.Cost;
            Assert.True(others + Math.Min(lease.Cost, Limit) <= Limit, $"{lease.Cost} beside {others} at a limit of {Limit}.");
            SchedulingPoint.Interleave();
            Interlocked.Add(ref _inside, -lease.Cost);
        }

        lease.Complete(Outcome.Success);
        return lease;
    }

    /// <summary>
    /// Lets so many pass at a full gate that the limit's law knows what is usual, and that the first tick six tenths of
    /// a second later ends a window in which the limit was too low.
    /// </summary>
    /// <returns>One that runs on, which the law has seen: with nobody there a limit is not pressed against.</returns>
    public AdmissionLease PressAgainstTheLimit()
    {
        SchedulingPoint.Suppress();
        int limit = Gate.Limit;
        for (int windows = 0; windows < 2; windows++)
        {
            for (int i = 0; i < 4; i++)
            {
                AdmissionLease lease = Shedder.AdmitAsync(new AdmissionRequest(Any)).AsTask().Result;
                TurnAway();
                TurnAway();
                Time.Pass(TimeSpan.FromMilliseconds(5));
                lease.Complete(Outcome.Success);
            }

            if (windows == 0)
            {
                // The first window only tells how long to wait.
                AdmissionLease longer = Shedder.AdmitAsync(new AdmissionRequest(Any)).AsTask().Result;
                Time.Pass(TimeSpan.FromMilliseconds(5));
                TurnAway();
                Time.Pass(TimeSpan.FromMilliseconds(100));
                Time.RunTimers();
                longer.Complete(Outcome.Ignored);
            }
        }

        AdmissionLease running = Hold();
        SchedulingPoint.Suppress();
        Time.Pass(TimeSpan.FromMilliseconds(5));
        TurnAway();
        Assert.Equal(limit, Gate.Limit);
        SchedulingPoint.Resume();
        return running;

        void TurnAway() => Shedder.AdmitAsync(new AdmissionRequest(Any) { NoWait = true }).AsTask().Result.Complete(Outcome.Ignored);
    }

    /// <summary>A request that nothing may refuse.</summary>
    public Task Served(RequestClass requestClass, int cost = 0) =>
        Answered(new AdmissionRequest(requestClass) { Cost = cost }, default, RejectionReason.None);

    /// <summary>A request that must have one of some answers.</summary>
    public Task Answered(AdmissionRequest request, ControlledToken token, params RejectionReason[] answers) =>
        Answered(Run(request, token), answers);

    public static async Task Answered(Task<AdmissionLease> waits, params RejectionReason[] answers) =>
        Assert.Contains((await waits).Reason, answers);

    /// <summary>Fires the timers until none is wanted: with nothing released, they alone must look after who waits.</summary>
    public void RunClockDown()
    {
        SchedulingPoint.Suppress();
        for (int ticks = 0; Time.GatePeriod > TimeSpan.Zero; ticks++)
        {
            Assert.True(ticks < 100, "The timer never stands down.");
            Time.Pass(Long);
            Time.RunTimers();
        }

        SchedulingPoint.Resume();
    }

    /// <summary>What has been decided, shadows included. A sum over a thousand cells, and not what is to be interleaved.</summary>
    public long CountDecisions()
    {
        SchedulingPoint.Suppress();
        long count = Any.Resolved!.Counters.Measure().Sum(m => m.Value);
        SchedulingPoint.Resume();
        return count;
    }

    /// <summary>What would have been refused because of a shutdown.</summary>
    public long CountOfShutdown()
    {
        SchedulingPoint.Suppress();
        long count = Any.Resolved!.Counters.Measure()
            .Where(m => m.Tags.ToArray().Any(t => t.Value is string text && text == RejectionReason.ShuttingDown.Tag()))
            .Sum(m => m.Value);
        SchedulingPoint.Resume();
        return count;
    }

    /// <summary>Everything is given back, and the gate is as good as new.</summary>
    public void AssertIdle()
    {
        SchedulingPoint.Suppress();
        Assert.Equal((0, 0, false, 0), (Gate.InFlight, Gate.Waiting, Gate.HasWaiters, _inside));
        SchedulingPoint.Resume();
    }

    public void Dispose()
    {
        SchedulingPoint.Suppress();
        Shedder.Dispose();
        SchedulingPoint.Resume();
    }
}
