using Backpressure.Admission;
using Backpressure.Configuration;
using CsCheck;
using Xunit;

namespace Backpressure.Tests.Admission;

/// <summary>Random operations on a gate and on <see cref="GateModel"/> must decide alike, one for one.</summary>
public sealed class GateModelTests
{
    private const long Second = 1_000_000;

    // Nobody's, two that have nothing in common, and two that share a queue or more with the first of them.
    private static readonly ulong[] Partitions =
        [0, 1, 2, .. Enumerable.Range(3, 100_000).Select(p => (ulong)p).Where(p => LaneModel.HandOf(p).Intersect(LaneModel.HandOf(1)).Count() >= 2).Take(2)];

    private static readonly Gen<(ulong Partition, byte Cohort)> Owners = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 2], (p, c) => (Partitions[p], (byte)c));

    private static readonly Gen<Arrival> Arrivals = Gen.Select(
        Gen.Int[0, 3], Gen.Int[0, 9], Gen.Int[0, 9], Gen.Int[0, 2000], Gen.Int[0, 9], Gen.Int[0, 400], Owners, Gen.Int[0, 3],
        (priority, overflow, cost, maxWait, deadline, usual, owner, nested) => new Arrival
        {
            Nested = nested == 0,
            Partition = owner.Partition,
            Cohort = owner.Cohort,
            Priority = (Priority)priority,
            Overflow = overflow < 7 ? Overflow.Shed : overflow < 9 ? Overflow.Block : Overflow.Reject,
            Cost = cost < 7 ? 1 : cost < 9 ? cost - 5 : 12,
            MaxWait = maxWait == 2000 ? Arrival.Never : maxWait * Second / 1000,

            // Relative until it arrives.
            Deadline = deadline < 7 ? Arrival.Never : (deadline - 7) * Second / 2,
            UsualService = usual < 200 ? 0 : (usual - 199) * Second / 1000,
            Policy = priority % 2 == 0 ? "even" : "odd",
        });

    private static readonly Gen<QueueSettings> Queues = Gen.Select(
        Gen.Int[-1, 12], Gen.Int[0, 6], Gen.Int[0, 4], Gen.Bool,
        (capacity, block, share, newest) => GateRig.Queue(
            capacity < 0 ? null : capacity, block, share * 0.05, newest ? ProcessingOrder.NewestFirstUnderOverload : ProcessingOrder.OldestFirst));

    private static readonly Gen<Operation> Operations = Gen.Frequency(
        (10, Arrivals.Select(a => new Operation(Kind.Arrive) { Arrival = a })),
        (7, Gen.Int[0, 999].Select(n => new Operation(Kind.Leave) { Number = n })),
        (2, Gen.Int[0, 999].Select(n => new Operation(Kind.Cancel) { Number = n })),
        (2, Gen.Select(Gen.Int[0, 999], Gen.Int[-3, 3], (n, more) => new Operation(Kind.Weigh) { Number = n, More = more })),
        (3, Gen.Int[0, 300].Select(n => new Operation(Kind.Advance) { Number = n })),
        (1, Gen.Select(Gen.Int[1, 8], Gen.Int[0, 4], (limit, more) => new Operation(Kind.SetLimit) { Number = limit, More = more })),
        (1, Queues.Select(q => new Operation(Kind.Reconfigure) { Queue = q })),
        (1, Gen.Bool.Select(even => new Operation(Kind.Release) { Number = even ? 0 : 1 })));

    private enum Kind
    {
        Arrive,
        Leave,
        Cancel,
        Weigh,
        Advance,
        SetLimit,
        Reconfigure,
        Release,
        Close,
    }

    private static readonly int[] s_refused = new int[Enum.GetValues<RejectionReason>().Length];
    private static int s_released;

    [Fact]
    public void EveryOperation_DecidesAsThePlainModelDoes()
    {
        Gen.Select(Gen.Int[1, 8], Queues, Operations.Array[0, 250], Gen.Int[0, 500]).Sample(
            (limit, queue, operations, closeAt) =>
            {
                var pair = new Pair(limit, queue);
                for (int i = 0; i < operations.Length; i++)
                {
                    pair.Run(i == closeAt ? new Operation(Kind.Close) : operations[i]);
                }

                pair.End();
            },
            iter: Effort.Of(2000));

        // Or nothing was said of it.
        Assert.True(s_released > 0);
        Assert.All(
            (RejectionReason[])[RejectionReason.Evicted, RejectionReason.ClientAborted, RejectionReason.MaxWaitElapsed, RejectionReason.DeadlineExceeded, RejectionReason.ShuttingDown],
            reason => Assert.True(s_refused[(int)reason] > 0, $"Nobody who waited was ever refused as {reason}."));
    }

    private sealed record Operation(Kind Kind)
    {
        public Arrival Arrival { get; init; }

        public QueueSettings? Queue { get; init; }

        public int Number { get; init; }

        public int More { get; init; }
    }

    private sealed class Pair
    {
        private readonly Gate _gate;
        private readonly GateModel _model;
        private readonly List<(int Cost, Waiter? Waited)> _running = [];
        private readonly Dictionary<Waiter, int> _ids = [];
        private readonly List<TestWaiter> _told = [];
        private uint _left;
        private long _now = 5 * Second;
        private int _lastId;

        public Pair(int limit, QueueSettings queue)
        {
            _gate = new Gate(limit, queue, () => new TestWaiter { WhenTold = _told.Add }, Second, _now, seed: 5);
            _model = new GateModel(limit, queue, Second);
        }

        public void Run(Operation operation)
        {
            DecidedWaiters decided = default;
            _told.Clear();
            _model.Decided.Clear();
            switch (operation.Kind)
            {
                case Kind.Arrive:
                    Arrive(operation.Arrival);
                    return;
                case Kind.Leave when _running.Count > 0:
                    Leave(operation.Number % _running.Count, ref decided);
                    break;
                case Kind.Cancel when _ids.Count > 0:
                    Waiter waiter = _ids.Keys.ElementAt(operation.Number % _ids.Count);
                    Assert.True(_gate.TryCancel(waiter, _now, ref decided));
                    _model.Cancel(_ids[waiter], _now);
                    break;
                case Kind.Weigh when _running.Count > 0:
                    Weigh(operation.Number % _running.Count, operation.More, ref decided);
                    break;
                case Kind.Advance:
                    _now += operation.Number * Second / 1000;
                    _gate.Expire(_now, ref decided);
                    _model.Expire(_now);
                    break;
                case Kind.SetLimit:
                    _gate.SetLimit(operation.Number, operation.Number + operation.More, _now, ref decided);
                    _model.SetLimit(operation.Number, operation.Number + operation.More, _now);
                    break;
                case Kind.Reconfigure:
                    _gate.Reconfigure(operation.Queue!);
                    _model.Settings = operation.Queue!;
                    break;
                case Kind.Release:
                    string policy = operation.Number == 0 ? "even" : "odd";
                    _gate.Release(w => w.Arrival.Policy == policy, _now, ref decided);
                    _model.Release(a => a.Policy == policy, _now);
                    break;
                case Kind.Close:
                    _gate.Close(_now, ref decided);
                    _model.Close(_now);
                    break;
                default:
                    return;
            }

            decided.Tell();
            Compare();
        }

        /// <summary>Everything that runs ends, and then nobody may be left behind.</summary>
        public void End()
        {
            while (_running.Count > 0)
            {
                Run(new Operation(Kind.Leave));
            }

            Assert.Empty(_ids);
            Assert.Equal((0, 0, false), (_gate.InFlight, _gate.Waiting, _gate.HasWaiters));

            // Also of those whose units passed on.
            Assert.Equal(_left, _gate.Sequence);
        }

        private void Leave(int which, ref DecidedWaiters decided)
        {
            _left++;
            (int cost, Waiter? waited) = _running[which];
            _running.RemoveAt(which);
            var charge = waited is null ? ServiceCharge.None : ServiceCharge.Of(waited, _now - waited.DecidedAt, cost);
            if (waited is not null)
            {
                int inFlight = _gate.InFlight;
                Assert.Equal(inFlight, _gate.Leave(cost, charge, _now, ref decided));
            }
            else if (_gate.Leave(cost, out _))
            {
                _gate.HandOver(charge, _now, ref decided);
            }

            _model.Leave(cost, waited?.Arrival, charge.Charged, charge.Taken, charge.ServedAt, _now);
        }

        // It turns out to be heavier, or lighter.
        private void Weigh(int which, int more, ref DecidedWaiters decided)
        {
            (int cost, Waiter? waited) = _running[which];
            more = Math.Max(more, 1 - cost);
            _running[which] = (cost + more, waited);
            if (more > 0)
            {
                Assert.True(_gate.TryAdd(more));
            }
            else if (more < 0 && _gate.GiveBack(-more))
            {
                _gate.HandOver(_now, ref decided);
            }

            _model.Correct(more, _now);
        }

        private void Arrive(Arrival arrival)
        {
            arrival = arrival with { Deadline = arrival.Deadline == Arrival.Never ? Arrival.Never : _now + arrival.Deadline };
            int id = ++_lastId;
            ArrivalResult result;
            Waiter? queued = null;
            Refusal refusal = default;
            DecidedWaiters decided = default;
            if (_gate.TryEnter(arrival.Cost))
            {
                result = ArrivalResult.Admitted;
            }
            else
            {
                result = _gate.Arrive(arrival, _now, out queued, out refusal, ref decided);
            }

            (ArrivalResult Result, RejectionReason Reason) expected = _model.Arrive(id, arrival, _now, _gate.DrainPerSecond);
            Assert.Equal(expected, (result, refusal.Reason));
            Assert.Equal(result == ArrivalResult.Queued, queued is not null);
            Assert.True(result != ArrivalResult.Refused || refusal.RetryAfterSeconds is >= 1 and <= 30, "Every refusal says when to come back.");
            if (result == ArrivalResult.Admitted)
            {
                _running.Add((arrival.Cost, null));
            }
            else if (queued is not null)
            {
                _ids.Add(queued, id);
            }

            decided.Tell();
            Compare();
        }

        private void Compare()
        {
            Assert.Equal(
                _model.Decided.OrderBy(d => d.Id),
                _told.Select(w => (_ids[w], w.State, w.Refusal.Reason)).OrderBy(d => d.Item1));
            Assert.Equal(
                _model.Decided.Where(d => d.State == WaiterState.Admitted).Select(d => d.Id),
                _told.Where(w => w.State == WaiterState.Admitted).Select(w => _ids[w]));
            foreach (TestWaiter waiter in _told)
            {
                Assert.Equal(1, waiter.Told);
                Interlocked.Increment(ref waiter.State == WaiterState.Released ? ref s_released : ref s_refused[(int)waiter.Refusal.Reason]);
                Assert.True(_ids.Remove(waiter));
                if (waiter.State == WaiterState.Admitted)
                {
                    _running.Add((waiter.Arrival.Cost, waiter));
                }
            }

            Assert.Equal((_model.InFlight, _model.Limit, _model.Nominal, _model.Waiting), (_gate.InFlight, _gate.Limit, _gate.Nominal, _gate.Waiting));
            Assert.Equal(_running.Sum(r => r.Cost), _gate.InFlight);
            Assert.Equal(_gate.Waiting > 0, _gate.HasWaiters);
            Assert.Equal(_ids.Count, _gate.Waiting);
            Assert.Equal(_gate.Waiting, Enum.GetValues<Priority>().Sum(_gate.WaitingOf));
        }
    }
}
