using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

/// <summary>Two threads, a million random operations each at least, on one gate.</summary>
public sealed class GateRaceTests
{
    private const int Operations = 1_000_000;

    // Where one thread stands still, by the system's choice, the other meets its full gate over and over: then they go on.
    private const int MostOperations = 50 * Operations;
    private const int Enough = 1000;
    private const int Limit = 6;
    private const int MostUnseen = 40;
    private const long Second = 1_000_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RandomOperations_OnTwoThreads_LoseNobodyAndNeverPassTheLimit(bool resizing)
    {
        var gate = new Gate(Limit, GateRig.Queue(capacity: 12, block: 8, minShare: 0.05), static () => new RacingWaiter(), Second, 0, seed: 11);
        var shared = new Shared();
        Actor[] actors = [new Actor(gate, shared, 1, resizing), new Actor(gate, shared, 2, resizing)];
        Thread[] threads = [.. actors.Select(actor => new Thread(actor.Run))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => Assert.True(thread.Join(TimeSpan.FromMinutes(2)), "An actor hangs."));

        // Whoever still waits must get in as the others leave, each told once.
        for (int rounds = 0; actors.Any(actor => actor.Busy); rounds++)
        {
            Assert.True(rounds < 1000, $"Lost waiters: {gate.Waiting} wait at {gate.InFlight} of {gate.Limit} in flight.");
            Array.ForEach(actors, actor => actor.Settle());
        }

        Assert.All(actors, actor => Assert.Null(actor.Fault));
        Assert.Equal((0, 0, false), (gate.InFlight, gate.Waiting, gate.HasWaiters));
        Assert.Equal(0, shared.Inside);
        Assert.True(shared.MostInside <= Limit, $"{shared.MostInside} were inside a gate of {Limit}.");
        Assert.True(actors.Sum(actor => actor.AdmittedLate) >= Enough, $"Only {actors.Sum(actor => actor.AdmittedLate)} were admitted after a wait; that proves nothing. {gate.Counts}");
        Assert.True(gate.TryEnter(1));
    }

    private sealed class Shared
    {
        private int _inside;
        private int _most;
        private long _clock;
        private int _done;
        private int _late;

        public bool HasSeenEnough => Volatile.Read(ref _late) >= Enough;

        public int Inside => Volatile.Read(ref _inside);

        public int MostInside => Volatile.Read(ref _most);

        public long Tick() => Interlocked.Add(ref _clock, 10);

        public bool AllAreDone => Volatile.Read(ref _done) == 2;

        public void OneWasLate() => Interlocked.Increment(ref _late);

        public void OneIsDone() => Interlocked.Increment(ref _done);

        // Counted after entering and uncounted before leaving, so this never exceeds what the gate holds.
        public void Enter(int cost)
        {
            int inside = Interlocked.Add(ref _inside, cost);
            if (inside > Volatile.Read(ref _most))
            {
                Volatile.Write(ref _most, inside);
            }
        }

        public void Leave(int cost) => Interlocked.Add(ref _inside, -cost);
    }

    private sealed class RacingWaiter : Waiter
    {
        private int _told;

        public int Told => Volatile.Read(ref _told);

        public override void OnDecided() => Interlocked.Increment(ref _told);
    }

    private sealed class Actor(Gate gate, Shared shared, int seed, bool resizing)
    {
        private readonly Random _random = new(seed);
        private readonly List<int> _running = [];
        private readonly List<RacingWaiter> _waiting = [];

        public int AdmittedLate { get; private set; }

        public bool Busy => _running.Count > 0 || _waiting.Count > 0;

        public Exception? Fault { get; private set; }

        public void Run()
        {
            try
            {
                RunOperations();
            }
            catch (Exception fault)
            {
                Fault = fault;
            }

            // Whoever is done first must not sit on units that the other wants for its own operations.
            shared.OneIsDone();
            while (!shared.AllAreDone && Fault is null)
            {
                Settle();
                Thread.Yield();
            }
        }

        private void RunOperations()
        {
            for (int i = 0; i < Operations || (i < MostOperations && !shared.HasSeenEnough); i++)
            {
                int dice = _random.Next(100);
                if (dice < 45)
                {
                    Arrive();
                }
                else if (dice < 80)
                {
                    Leave();
                }
                else if (dice < 95)
                {
                    Look(cancel: dice < 85);
                }
                else if (dice < 99 || !resizing)
                {
                    DecidedWaiters decided = default;
                    gate.Expire(shared.Tick(), ref decided);
                    decided.Tell();
                }
                else
                {
                    // At most the limit that is checked: a cut leaves more in flight for a while, never more than that.
                    DecidedWaiters decided = default;
                    int limit = _random.Next(1, Limit + 1);
                    gate.SetLimit(limit, Limit, shared.Tick(), ref decided);
                    decided.Tell();
                }
            }
        }

        /// <summary>Looks at all who wait, then lets all who run go.</summary>
        public void Settle()
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                Look(i, cancel: false);
            }

            while (_running.Count > 0)
            {
                Leave();
            }
        }

        private void Arrive()
        {
            int cost = _random.Next(10) == 0 ? 2 : 1;
            if (gate.TryEnter(cost))
            {
                Admitted(cost);
                return;
            }

            var arrival = new Arrival
            {
                Priority = (Priority)_random.Next(4),
                Overflow = (Overflow)_random.Next(3),
                Cost = cost,
                MaxWait = _random.Next(4) == 0 ? Second / 1000 : Arrival.Never,
            };
            DecidedWaiters decided = default;
            ArrivalResult result = gate.Arrive(arrival, shared.Tick(), out Waiter? queued, out _, ref decided);
            decided.Tell();
            if (result == ArrivalResult.Admitted)
            {
                Admitted(cost);
            }
            else if (queued is not null)
            {
                _waiting.Add((RacingWaiter)queued);
            }
        }

        private void Admitted(int cost)
        {
            shared.Enter(cost);
            _running.Add(cost);
        }

        private void Leave()
        {
            if (_running.Count == 0)
            {
                return;
            }

            int cost = _running[^1];
            _running.RemoveAt(_running.Count - 1);
            shared.Leave(cost);
            if (gate.Leave(cost, out _))
            {
                DecidedWaiters decided = default;
                gate.HandOver(shared.Tick(), ref decided);
                decided.Tell();
            }
        }

        private void Look(bool cancel)
        {
            if (_waiting.Count == 0)
            {
                return;
            }

            // Evicted ones could bury the few that hold units, and then nothing would move: look at all of a long list.
            if (_waiting.Count > MostUnseen)
            {
                for (int i = _waiting.Count - 1; i >= 0; i--)
                {
                    Look(i, cancel: false);
                }
            }
            else
            {
                Look(_random.Next(_waiting.Count), cancel);
            }
        }

        private void Look(int place, bool cancel)
        {
            RacingWaiter waiter = _waiting[place];
            if (cancel)
            {
                DecidedWaiters decided = default;
                gate.TryCancel(waiter, shared.Tick(), ref decided);
                decided.Tell();
            }

            switch (waiter.Told)
            {
                case 0:
                    // Decided by the other thread, perhaps, which is about to tell it.
                    return;
                case > 1:
                    throw new InvalidOperationException("Told twice.");
                default:
                    _waiting.RemoveAt(place);
                    if (waiter.State == WaiterState.Admitted)
                    {
                        AdmittedLate++;
                        shared.OneWasLate();
                        Admitted(waiter.Arrival.Cost);
                    }

                    break;
            }
        }
    }
}
