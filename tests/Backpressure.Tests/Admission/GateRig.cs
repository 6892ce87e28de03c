using Backpressure.Admission;
using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Tests.Admission;

/// <summary>A gate, a clock that only tests move, and what was decided, in order.</summary>
internal sealed class GateRig
{
    private readonly List<TestWaiter> _told = [];

    public GateRig(int limit, QueueSettings? queue = null, long ticksPerSecond = 10_000_000)
    {
        TicksPerSecond = ticksPerSecond;
        Now = 1000 * ticksPerSecond;
        Gate = new Gate(limit, queue ?? Queue(), () => new TestWaiter { WhenTold = _told.Add }, ticksPerSecond, Now, seed: 7);
    }

    public Gate Gate { get; }

    public long TicksPerSecond { get; }

    public long Now { get; private set; }

    /// <summary>Everybody who was told, in the order of telling.</summary>
    public IReadOnlyList<TestWaiter> Told => _told;

    public static QueueSettings Queue(
        int? capacity = 1000, int block = 1000, double minShare = 0, ProcessingOrder order = ProcessingOrder.OldestFirst) => new()
        {
            Capacity = capacity,
            BlockCapacity = block,
            MinShare = minShare,
            ProcessingOrder = order,
        };

    public long Ticks(double seconds) => (long)(seconds * TicksPerSecond);

    public void Advance(double seconds) => Now += Ticks(seconds);

    public Arrival Ask(
        Priority priority = Priority.Normal,
        Overflow overflow = Overflow.Shed,
        int cost = 1,
        double maxWait = 500,
        double? deadline = null,
        double usual = 0,
        string policy = "") => new()
        {
            Priority = priority,
            Overflow = overflow,
            Cost = cost,
            MaxWait = Ticks(maxWait),
            Deadline = deadline is { } left ? Now + Ticks(left) : Arrival.Never,
            UsualService = Ticks(usual),
            Policy = policy,
        };

    public ArrivalResult Arrive(in Arrival arrival, out TestWaiter? queued, out Refusal refusal)
    {
        DecidedWaiters decided = default;
        ArrivalResult result = Gate.Arrive(arrival, Now, out Waiter? waiter, out refusal, ref decided);
        decided.Tell();
        queued = (TestWaiter?)waiter;
        return result;
    }

    /// <summary>Arrives at a gate that must let it wait.</summary>
    public TestWaiter Wait(
        Priority priority = Priority.Normal,
        Overflow overflow = Overflow.Shed,
        int cost = 1,
        double maxWait = 500,
        double? deadline = null,
        double usual = 0,
        string policy = "")
    {
        ArrivalResult result = Arrive(Ask(priority, overflow, cost, maxWait, deadline, usual, policy), out TestWaiter? queued, out Refusal refusal);
        Assert.True(result == ArrivalResult.Queued, $"{result} {refusal.Reason} in place of a place in the queue.");
        return queued!;
    }

    /// <summary>Arrives at a gate that must refuse it at once.</summary>
    public Refusal Refused(in Arrival arrival)
    {
        Assert.Equal(ArrivalResult.Refused, Arrive(arrival, out _, out Refusal refusal));
        return refusal;
    }

    /// <summary>Fills the gate with requests of cost 1.</summary>
    public void Fill()
    {
        while (Gate.TryEnter(1))
        {
        }

        Assert.Equal(Gate.Limit, Gate.InFlight);
    }

    public void Leave(int cost = 1, int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            if (Gate.Leave(cost, out _))
            {
                DecidedWaiters decided = default;
                Gate.HandOver(Now, ref decided);
                decided.Tell();
            }
        }
    }

    public bool Cancel(TestWaiter waiter)
    {
        DecidedWaiters decided = default;
        bool cancelled = Gate.TryCancel(waiter, Now, ref decided);
        decided.Tell();
        return cancelled;
    }

    public void Expire()
    {
        DecidedWaiters decided = default;
        Gate.Expire(Now, ref decided);
        decided.Tell();
    }

    public void SetLimit(int limit, int? nominal = null)
    {
        DecidedWaiters decided = default;
        Gate.SetLimit(limit, nominal ?? limit, Now, ref decided);
        decided.Tell();
    }

    public void Release(Func<Waiter, bool> which)
    {
        DecidedWaiters decided = default;
        Gate.Release(which, Now, ref decided);
        decided.Tell();
    }

    public void Close()
    {
        DecidedWaiters decided = default;
        Gate.Close(Now, ref decided);
        decided.Tell();
    }

    /// <summary>Runs a full gate for a while at an even rate, so that its drain rate is known.</summary>
    public void Drain(double perSecond, double seconds = 5)
    {
        Fill();
        for (double t = 0; t < seconds; t += 1 / perSecond)
        {
            Advance(1 / perSecond);
            Leave();
            Assert.True(Gate.TryEnter(1));
            Arrive(Ask(overflow: Overflow.Reject), out _, out _);
        }

        Assert.InRange(Gate.DrainPerSecond, 0.95 * perSecond, 1.05 * perSecond);
    }

    public static void Admitted(params TestWaiter[] waiters) => Assert.All(waiters, w =>
    {
        Assert.Equal((WaiterState.Admitted, 1), (w.State, w.Told));
    });

    public static void Refused(RejectionReason reason, params TestWaiter[] waiters) => Assert.All(waiters, w =>
    {
        Assert.Equal((WaiterState.Refused, reason, 1), (w.State, w.Refusal.Reason, w.Told));
    });

    public static void Waiting(params TestWaiter[] waiters) => Assert.All(waiters, w =>
    {
        Assert.Equal((WaiterState.Queued, 0), (w.State, w.Told));
    });
}
