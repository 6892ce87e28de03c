using System.Diagnostics.CodeAnalysis;
using Backpressure.Admission;
using Backpressure.Configuration;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

/// <summary>
/// Two threads, a million random operations each at least, through the front door: pooled waiters, cancellations that come as
/// the decision falls, a timer that starts and stops, reloads.
/// </summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Each is asked for its answer once, after it has completed.")]
public sealed class LoadShedderRaceTests
{
    private const int Operations = 1_000_000;

    // Where one thread stands still, by the system's choice, the other meets its full gate over and over: then they go on.
    private const int MostOperations = 20 * Operations;
    private const int Enough = 1000;
    private const int Limit = 6;
    private const int MostUnseen = 40;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RandomOperations_OnTwoThreads_LoseNobodyAndNeverPassTheLimit(bool reloading)
    {
        var time = new ManualTimeProvider();
        using var shedder = new LoadShedder(Options(Limit), time);
        RequestClass[] classes = [.. Enumerable.Range(0, 4).Select(i => shedder.ClassOf("any", $"P{i}"))];
        var shared = new Shared(shedder, time, classes);
        Actor[] actors = [new Actor(shared, 1, reloading), new Actor(shared, 2, reloading)];
        Thread[] threads = [.. actors.Select(actor => new Thread(actor.Run))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => Assert.True(thread.Join(TimeSpan.FromMinutes(2)), "An actor hangs."));

        Assert.All(actors, actor => Assert.Null(actor.Fault));
        Gate gate = GateOf(classes[0]);
        Assert.True(!gate.HasWaiters || time.GatePeriod == TimeSpan.FromMilliseconds(10), $"{gate.Waiting} wait and no timer looks after them.");

        // Nothing is released now: those who may not wait for ever must be told by the timer alone.
        while (time.GatePeriod > TimeSpan.Zero)
        {
            time.Pass(TimeSpan.FromSeconds(10));
            time.Fire();
        }

        Assert.False(gate.HasWaiters);
        Array.ForEach(actors, actor => actor.Settle());
        Assert.All(actors, actor => Assert.False(actor.Busy, "Somebody was never told."));
        Assert.Equal((0, 0, 0), (gate.InFlight, gate.Waiting, shared.Inside));
        Assert.True(shared.MostInside <= Limit, $"{shared.MostInside} were inside a gate of {Limit}.");
        Assert.All(actors, actor => Assert.True(actor.Asked == actor.Answered, $"Asked {actor.Asked}, answered {actor.Answered}."));
        Assert.True(actors.Sum(actor => actor.AdmittedLate) >= Enough, $"Only {actors.Sum(actor => actor.AdmittedLate)} were admitted after a wait; that proves nothing.");
        Assert.True(actors.Sum(actor => actor.Aborted) >= Enough, $"Only {actors.Sum(actor => actor.Aborted)} left while they waited; that proves nothing.");
    }

    private static BackpressureOptions Options(int limit) => Fixed(limit, change: o =>
    {
        o.Downstreams["Default"].Queue = new QueueOptions { Capacity = 12, BlockCapacity = 8 };
        for (int i = 0; i < 4; i++)
        {
            o.Policies[$"P{i}"] = new PolicyOptions
            {
                Priority = (Priority)i,
                Overflow = i == 1 ? Overflow.Block : i == 3 ? Overflow.Reject : Overflow.Shed,
                MaxWait = i == 3 ? null : TimeSpan.FromMilliseconds(i == 0 ? 1 : 5000),
            };
        }
    });

    private sealed class Shared(LoadShedder shedder, ManualTimeProvider time, RequestClass[] classes)
    {
        private readonly ShedderSettings[] _settings = [.. Enumerable.Range(1, Limit).Select(limit => SettingsFactory.Build(Options(limit)))];
        private int _inside;
        private int _most;
        private int _done;
        private int _late;
        private int _aborted;

        public bool HasSeenEnough => Volatile.Read(ref _late) >= Enough && Volatile.Read(ref _aborted) >= Enough;

        public LoadShedder Shedder => shedder;

        public ManualTimeProvider Time => time;

        public RequestClass[] Classes => classes;

        public int Inside => Volatile.Read(ref _inside);

        public int MostInside => Volatile.Read(ref _most);

        public bool AllAreDone => Volatile.Read(ref _done) == 2;

        public void OneWasLate() => Interlocked.Increment(ref _late);

        public void OneHasLeft() => Interlocked.Increment(ref _aborted);

        public void OneIsDone() => Interlocked.Increment(ref _done);

        public void Reload(int limit) => shedder.Reconfigure(_settings[limit - 1]);

        // Counted after entering and uncounted before leaving, so this never exceeds what the gate holds.
        public void Enter()
        {
            int inside = Interlocked.Increment(ref _inside);
            if (inside > Volatile.Read(ref _most))
            {
                Volatile.Write(ref _most, inside);
            }
        }

        public void Leave() => Interlocked.Decrement(ref _inside);
    }

    private sealed class Pending
    {
        public ValueTask<AdmissionLease> Answer { get; set; }

        public CancellationTokenSource Leaving { get; set; } = new();
    }

    private sealed class Actor(Shared shared, int seed, bool reloading)
    {
        private readonly Random _random = new(seed);
        private readonly List<AdmissionLease> _running = [];
        private readonly List<Pending> _waiting = [];
        private readonly Stack<Pending> _spare = new();

        public int Asked { get; private set; }

        public int Answered { get; private set; }

        public int AdmittedLate { get; private set; }

        public int Aborted { get; private set; }

        public bool Busy => _running.Count > 0 || _waiting.Count > 0;

        public Exception? Fault { get; private set; }

        public void Run()
        {
            try
            {
                for (int i = 0; i < Operations || (i < MostOperations && !shared.HasSeenEnough); i++)
                {
                    Operate(_random.Next(1000));
                }
            }
            catch (Exception fault)
            {
                Fault = fault;
            }

            // Whoever is done first must not sit on slots that the other wants for its own operations.
            shared.OneIsDone();
            while (!shared.AllAreDone && Fault is null)
            {
                Settle();
                Thread.Yield();
            }
        }

        public void Settle()
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                Look(i, leave: false);
            }

            while (_running.Count > 0)
            {
                Complete();
            }
        }

        private void Operate(int dice)
        {
            if (dice < 450)
            {
                Ask();
            }
            else if (dice < 800)
            {
                Complete();
            }
            else if (dice < 950)
            {
                LookAtAny(leave: dice < 850);
            }
            else if (dice < 999 || !reloading)
            {
                shared.Time.Fire();
            }
            else
            {
                // At most the limit that is checked.
                shared.Reload(_random.Next(1, Limit + 1));
            }
        }

        private void Ask()
        {
            Asked++;
            Pending pending = _spare.TryPop(out Pending? spare) ? spare : new Pending();
            CancellationToken token = _random.Next(4) == 0 ? CancellationToken.None : pending.Leaving.Token;
            pending.Answer = shared.Shedder.AdmitAsync(new AdmissionRequest(shared.Classes[_random.Next(4)]), token);
            if (pending.Answer.IsCompleted)
            {
                Take(pending, late: false);
            }
            else
            {
                _waiting.Add(pending);
            }
        }

        private void Complete()
        {
            if (_running.Count > 0)
            {
                AdmissionLease lease = _running[^1];
                _running.RemoveAt(_running.Count - 1);
                shared.Leave();
                lease.Complete(Outcome.Success);
                lease.Complete(Outcome.Success);
            }
        }

        private void LookAtAny(bool leave)
        {
            // Evicted ones could bury the few that hold slots, and then nothing would move: look at all of a long list.
            if (_waiting.Count > MostUnseen)
            {
                for (int i = _waiting.Count - 1; i >= 0; i--)
                {
                    Look(i, leave: false);
                }
            }
            else if (_waiting.Count > 0)
            {
                Look(_random.Next(_waiting.Count), leave);
            }
        }

        private void Look(int place, bool leave)
        {
            Pending pending = _waiting[place];
            if (leave)
            {
                pending.Leaving.Cancel();
            }

            if (pending.Answer.IsCompleted)
            {
                _waiting.RemoveAt(place);
                Take(pending, late: true);
            }

            if (leave)
            {
                pending.Leaving.Dispose();
                pending.Leaving = new CancellationTokenSource();
            }
        }

        private void Take(Pending pending, bool late)
        {
            Answered++;
            AdmissionLease lease = pending.Answer.Result;
            _spare.Push(pending);
            if (lease.Decision == AdmissionDecision.Admitted)
            {
                if (late)
                {
                    AdmittedLate++;
                    shared.OneWasLate();
                }

                shared.Enter();
                _running.Add(lease);
            }
            else if (lease.Reason == RejectionReason.ClientAborted)
            {
                Aborted++;
                shared.OneHasLeft();
            }
            else if (lease.Decision != AdmissionDecision.Rejected)
            {
                throw new InvalidOperationException($"{lease.Decision}: nothing here is let through.");
            }
        }
    }
}
