using System.Text;
using Backpressure.Admission;
using Backpressure.Configuration;
using CsCheck;
using Xunit;

namespace Backpressure.Tests.Admission;

/// <summary>
/// Operations on one gate from several threads at once must have come out as they would have one after another on
/// <see cref="GateModel"/>, in some order.
/// </summary>
public sealed class GateLinearizabilityTests
{
    private const long Second = 1_000_000;
    private const long Now = 5 * Second;
    private const int Slots = 6;

    private static readonly Gen<Arrival> Arrivals = Gen.Select(
        Gen.Int[0, 3], Gen.Int[0, 9], Gen.Int[0, 9], Gen.Bool, Gen.Int[0, 2], Gen.Int[0, 3],
        (priority, overflow, cost, patient, partition, nested) => new Arrival
        {
            Nested = nested == 0,
            Priority = (Priority)priority,
            Overflow = overflow < 7 ? Overflow.Shed : overflow < 9 ? Overflow.Block : Overflow.Reject,
            Cost = cost < 8 ? 1 : cost - 6,
            MaxWait = patient ? Arrival.Never : Second / 2,
            Policy = priority % 2 == 0 ? "even" : "odd",
            Partition = (ulong)partition,
        });

    private static readonly Gen<QueueSettings> Queues = Gen.Select(
        Gen.Int[0, 4], Gen.Int[0, 2], Gen.Bool,
        (capacity, block, newest) => GateRig.Queue(
            capacity, block, minShare: 0.05, newest ? ProcessingOrder.NewestFirstUnderOverload : ProcessingOrder.OldestFirst));

    private static int s_evicted;

    [Fact]
    public void Operations_AtOnce_ComeOutAsSomeOrderOfThem()
    {
        s_evicted = 0;
        Gen.Select(Gen.Int[1, 3], Queues, Arrivals.Array[Slots], (limit, queue, arrivals) =>
                (new Actual(limit, queue, arrivals), new Model(limit, queue, arrivals)))
            .SampleParallel(
                [
                    .. Enumerable.Repeat(
                        GenOperation.Create<Actual, Model, int>(Gen.Int[0, Slots - 1], n => $"Touch {n}", (a, n) => a.Touch(n), (m, n) => m.Touch(n)), 6),
                    .. Enumerable.Repeat(
                        GenOperation.Create<Actual, Model, int>(Gen.Int[0, Slots - 1], n => $"Weigh {n}", (a, n) => a.Weigh(n), (m, n) => m.Weigh(n)), 2),
                    GenOperation.Create<Actual, Model, int>(Gen.Int[1, 4], n => $"SetLimit {n}", (a, n) => a.SetLimit(n), (m, n) => m.SetLimit(n)),
                    GenOperation.Create<Actual, Model, QueueSettings>(Queues, (a, q) => a.Gate.Reconfigure(q), (m, q) => m.Gate.Settings = q),
                    GenOperation.Create<Actual, Model>("Expire", a => a.Expire(), m => m.Expire()),
                    GenOperation.Create<Actual, Model>("Release", a => a.Release(), m => m.Release()),
                    GenOperation.Create<Actual, Model>("Close", a => a.Close(), m => m.Close()),
                ],
                equal: static (actual, model) => actual.ToString() == model.ToString(),
                printActual: a => a.ToString(),
                printModel: m => m.ToString(),

                // Fewer than the completions that would tell a drain rate, which the model takes from the gate.
                maxSequentialOperations: 4,
                maxParallelOperations: 3,
                iter: 1000,
                threads: 2);
        Assert.True(Volatile.Read(ref s_evicted) > 0, "Nobody was evicted, so nothing was said of it.");
    }

    private sealed class Actual
    {
        private readonly Slot[] _slots;

        public Actual(int limit, QueueSettings queue, Arrival[] arrivals)
        {
            Gate = new Gate(limit, queue, static () => new TestWaiter(), Second, Now, seed: 5);
            _slots = [.. arrivals.Select(arrival => new Slot(arrival))];
        }

        public Gate Gate { get; }

        /// <summary>What a slot's request does next: it arrives, goes while it waits, ends when it runs.</summary>
        public void Touch(int n)
        {
            Slot slot = _slots[n];
            DecidedWaiters decided = default;

            // One request is in one place at a time, so what it does next is certain.
            lock (slot)
            {
                if (slot.Runs)
                {
                    Leave(slot, ref decided);
                }
                else if (slot.Waiter is not { } waiter)
                {
                    Arrive(slot, ref decided);
                }
                else if (Gate.TryCancel(waiter, Now, ref decided))
                {
                    slot.History.Append(" went");
                }
                else if (waiter.State == WaiterState.Admitted)
                {
                    Leave(slot, ref decided);
                }
            }

            decided.Tell();
        }

        /// <summary>A slot's request, if it runs, turns out to be heavier, or as it was said to be after all.</summary>
        public void Weigh(int n)
        {
            Slot slot = _slots[n];
            DecidedWaiters decided = default;
            lock (slot)
            {
                // Whoever was admitted may say so only once it was told: before that it does not run.
                if (!slot.Runs && !(slot.Waiter is { Told: > 0, State: WaiterState.Admitted }))
                {
                    return;
                }

                slot.More ^= 1;
                if (slot.More == 1)
                {
                    Assert.True(Gate.TryAdd(1));
                }
                else if (Gate.GiveBack(1))
                {
                    Gate.HandOver(Now, ref decided);
                }

                slot.History.Append(" weighed");
            }

            decided.Tell();
        }

        public void SetLimit(int limit) => Do((ref DecidedWaiters decided) => Gate.SetLimit(limit, limit, Now, ref decided));

        public void Expire() => Do((ref DecidedWaiters decided) => Gate.Expire(Now + Second, ref decided));

        public void Release() => Do((ref DecidedWaiters decided) => Gate.Release(static w => w.Arrival.Policy == "odd", Now, ref decided));

        public void Close() => Do((ref DecidedWaiters decided) => Gate.Close(Now, ref decided));

        public override string ToString() =>
            $"{Gate.InFlight} of {Gate.Limit}, {Gate.Waiting} wait{(Gate.HasWaiters == (Gate.Waiting > 0) ? "" : ", mark wrong")}; {string.Join("; ", _slots.Select(Told))}";

        private static string Told(Slot slot)
        {
            if (slot.Waiter is { } waiter)
            {
                bool decided = waiter.State != WaiterState.Queued;
                Interlocked.Add(ref s_evicted, waiter.Refusal.Reason == RejectionReason.Evicted ? 1 : 0);
                string told = waiter.Told == (decided ? 1 : 0) ? "" : $" told {waiter.Told} times";
                return $"{slot.History} {waiter.State} {waiter.Refusal.Reason}{told}";
            }

            return slot.History.ToString();
        }

        private void Arrive(Slot slot, ref DecidedWaiters decided)
        {
            Refusal refusal = default;
            Waiter? queued = null;
            ArrivalResult result = Gate.TryEnter(slot.Arrival.Cost)
                ? ArrivalResult.Admitted
                : Gate.Arrive(slot.Arrival, Now, out queued, out refusal, ref decided);
            slot.Waiter = (TestWaiter?)queued;
            slot.Runs = result == ArrivalResult.Admitted;
            slot.History.Append($" {result} {refusal.Reason}");
        }

        private void Leave(Slot slot, ref DecidedWaiters decided)
        {
            if (slot.Waiter is not null)
            {
                Gate.Leave(slot.Arrival.Cost + slot.More, ServiceCharge.None, Now, ref decided);
            }
            else if (Gate.Leave(slot.Arrival.Cost + slot.More, out _))
            {
                Gate.HandOver(Now, ref decided);
            }

            slot.Waiter = null;
            slot.Runs = false;
            slot.More = 0;
            slot.History.Append(" ended");
        }

        private static void Do(Operation operation)
        {
            DecidedWaiters decided = default;
            operation(ref decided);
            decided.Tell();
        }

        private delegate void Operation(ref DecidedWaiters decided);

        private sealed class Slot(Arrival arrival)
        {
            public Arrival Arrival => arrival;

            public TestWaiter? Waiter { get; set; }

            public bool Runs { get; set; }

            /// <summary>What it has taken beyond its cost.</summary>
            public int More { get; set; }

            public StringBuilder History { get; } = new();
        }
    }

    private sealed class Model
    {
        private readonly Arrival[] _arrivals;
        private readonly StringBuilder[] _histories;
        private readonly bool[] _runs;
        private readonly int[] _more;
        private readonly (WaiterState State, RejectionReason Reason)?[] _waiters;

        public Model(int limit, QueueSettings queue, Arrival[] arrivals)
        {
            Gate = new GateModel(limit, queue, Second);
            _arrivals = arrivals;
            _histories = [.. arrivals.Select(_ => new StringBuilder())];
            _runs = new bool[arrivals.Length];
            _more = new int[arrivals.Length];
            _waiters = new (WaiterState, RejectionReason)?[arrivals.Length];
        }

        public GateModel Gate { get; }

        public void Touch(int n)
        {
            if (_runs[n] || _waiters[n] is { State: WaiterState.Admitted })
            {
                Gate.Leave(_arrivals[n].Cost + _more[n], served: null, charged: 0, taken: 0, servedAt: 0, Now);
                _runs[n] = false;
                _more[n] = 0;
                _waiters[n] = null;
                _histories[n].Append(" ended");
            }
            else if (_waiters[n] is not { } waiter)
            {
                (ArrivalResult result, RejectionReason reason) = Gate.Arrive(n, _arrivals[n], Now, drain: 0);
                _runs[n] = result == ArrivalResult.Admitted;
                _waiters[n] = result == ArrivalResult.Queued ? (WaiterState.Queued, RejectionReason.None) : null;
                _histories[n].Append($" {result} {reason}");
            }
            else if (waiter.State == WaiterState.Queued)
            {
                Gate.Cancel(n, Now);
                _histories[n].Append(" went");
            }
            else
            {
                return;
            }

            Take();
        }

        public void Weigh(int n)
        {
            if (_runs[n] || _waiters[n] is { State: WaiterState.Admitted })
            {
                _more[n] ^= 1;
                Gate.Correct(_more[n] == 1 ? 1 : -1, Now);
                _histories[n].Append(" weighed");
                Take();
            }
        }

        public void SetLimit(int limit)
        {
            Gate.SetLimit(limit, limit, Now);
            Take();
        }

        public void Expire()
        {
            Gate.Expire(Now + Second);
            Take();
        }

        public void Release()
        {
            Gate.Release(static a => a.Policy == "odd", Now);
            Take();
        }

        public void Close()
        {
            Gate.Close(Now);
            Take();
        }

        public override string ToString() =>
            $"{Gate.InFlight} of {Gate.Limit}, {Gate.Waiting} wait; {string.Join("; ", _histories.Select((history, n) => _waiters[n] is { } w ? $"{history} {w.State} {w.Reason}" : history.ToString()))}";

        private void Take()
        {
            foreach ((int id, WaiterState state, RejectionReason reason) in Gate.Decided)
            {
                _waiters[id] = (state, reason);
            }
        }
    }
}
