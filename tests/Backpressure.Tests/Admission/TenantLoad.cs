using Backpressure.Admission;
using Backpressure.Configuration;

namespace Backpressure.Tests.Admission;

/// <summary>
/// A gate before a downstream of so many workers, in virtual time: tenants send at random moments of a seed, requests run for
/// as long as their tenant's do, and what came of each tenant is counted.
/// </summary>
internal sealed class TenantLoad
{
    private readonly PriorityQueue<Action, (long At, long Number)> _events = new();
    private readonly Dictionary<Waiter, Action> _waiting = [];
    private readonly Random _random;
    private readonly Gate _gate;
    private long _number;
    private long _now;

    public TenantLoad(int workers, QueueSettings? queue = null, int seed = 1)
    {
        _random = new Random(seed);
        _gate = new Gate(workers, queue ?? GateRig.Queue(capacity: null, minShare: 0.05), () => new TestWaiter { WhenTold = Told }, Second, 0, seed: 7);
        Every(0.01, () =>
        {
            DecidedWaiters decided = default;
            _gate.Expire(_now, ref decided);
            decided.Tell();
        });
    }

    public static long Second => 1_000_000;

    public Gate Gate => _gate;

    public double Now => (double)_now / Second;

    /// <summary>One more tenant, or a crowd whose requests are each somebody else's.</summary>
    /// <param name="partition">Whose a request is.</param>
    /// <param name="perSecond">How many it sends, evenly at random.</param>
    /// <param name="service">How long one runs, in seconds.</param>
    /// <param name="usual">What is known of that beforehand; 0: nothing.</param>
    /// <param name="maxWait">The longest it waits, in seconds.</param>
    /// <param name="cohort">Its cohort, by partition.</param>
    public Tenant Add(Func<Random, ulong> partition, double perSecond, double service = 0.05, double usual = 0, double maxWait = 0.5, Func<ulong, byte>? cohort = null)
    {
        var tenant = new Tenant();
        Next();
        return tenant;

        void Next() => At(-Math.Log(1 - _random.NextDouble()) / perSecond, () =>
        {
            Next();
            ulong key = partition(_random);
            var arrival = new Arrival
            {
                Priority = Priority.Normal,
                Overflow = Overflow.Shed,
                Cost = 1,
                MaxWait = (long)(maxWait * Second),
                UsualService = (long)(usual * Second),
                Partition = key,
                Cohort = cohort?.Invoke(key) ?? 0,
            };
            Arrive(arrival, tenant, service);
        });
    }

    public Tenant Add(ulong partition, double perSecond, double service = 0.05, double usual = 0, double maxWait = 0.5) =>
        Add(_ => partition, perSecond, service, usual, maxWait);

    /// <summary>Runs on for so many seconds.</summary>
    public void Run(double seconds)
    {
        long end = _now + (long)(seconds * Second);
        while (_events.TryPeek(out Action? what, out (long At, long Number) when) && when.At <= end)
        {
            _events.Dequeue();
            _now = when.At;
            what();
        }

        _now = end;
    }

    /// <summary>Jain's index of fairness: 1 when all are equal, 1/n when one has everything.</summary>
    public static double Jain(IEnumerable<double> shares)
    {
        double[] all = [.. shares];
        return Math.Pow(all.Sum(), 2) / (all.Length * all.Sum(x => x * x));
    }

    private void Arrive(Arrival arrival, Tenant tenant, double service)
    {
        tenant.Offered++;
        if (_gate.TryEnter(arrival.Cost))
        {
            Serve(null);
            return;
        }

        DecidedWaiters decided = default;
        ArrivalResult result = _gate.Arrive(arrival, _now, out Waiter? queued, out _, ref decided);
        if (result == ArrivalResult.Admitted)
        {
            Serve(null);
        }
        else if (queued is not null)
        {
            _waiting.Add(queued, () => Serve(queued));
        }

        decided.Tell();

        void Serve(Waiter? waited)
        {
            tenant.Keys.Add(arrival.Partition);
            tenant.Served++;
            tenant.Worked += service;
            At(service, () => Leave(waited));
        }
    }

    private void Leave(Waiter? waited)
    {
        if (_gate.Leave(1, out _))
        {
            DecidedWaiters decided = default;
            _gate.HandOver(waited is null ? ServiceCharge.None : ServiceCharge.Of(waited, _now - waited.DecidedAt, 1), _now, ref decided);
            decided.Tell();
        }
    }

    private void Told(TestWaiter waiter)
    {
        _waiting.Remove(waiter, out Action? serve);
        if (waiter.State == WaiterState.Admitted)
        {
            serve!();
        }
    }

    private void Every(double seconds, Action what) => At(seconds, () =>
    {
        what();
        Every(seconds, what);
    });

    private void At(double inSeconds, Action what) => _events.Enqueue(what, (_now + (long)(inSeconds * Second), ++_number));

    internal sealed class Tenant
    {
        public int Offered { get; set; }

        public int Served { get; set; }

        /// <summary>Seconds of service it has had.</summary>
        public double Worked { get; set; }

        /// <summary>Whose requests were served.</summary>
        public HashSet<ulong> Keys { get; } = [];

        public double Share => (double)Served / Offered;
    }
}
