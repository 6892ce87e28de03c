using Backpressure.Admission;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Microsoft.Extensions.Logging.Abstractions;

namespace Backpressure.Benchmarks;

/// <summary>
/// At a gate of one where many of a thousand tenants wait: the downstream alone, since only it knows whose turn it was. Two
/// readings of the clock are in it, as for a request that is measured.
/// </summary>
internal static class TenantWork
{
    private const int Times = 20_000;
    private const long Usual = 1000;

    private static readonly ulong[] Tenants = [.. Enumerable.Range(0, 1000).Select(static i => PartitionHash.Of($"tenant-{i}"))];

    public static Comparison HandOver() =>
        new("1000 tenants, downstream alone: enqueue + hand over", "10 wait", Of(10), Of(1000), Of(100_000))
        {
            Times = Times,
            Claims = [new Claim("1000 wait", "10 wait", 1.5, 0), new Claim("100000 wait", "10 wait", 1.5, 0)],
        };

    private static Subject Of(int waiters)
    {
        var options = new BackpressureOptions();
        Shedders.Configure(options, 1, Overflow.Block, waiters + 1);
        var idle = new Stack<Node>(waiters);
        Node? served = null;
        var downstream = new Downstream(
            SettingsFactory.Build(options).Downstreams["Default"],
            shadow: false,
            TimeProvider.System,
            NullLogger.Instance,
            () => idle.TryPop(out Node? node) ? node : new Node(decided => served = decided));
        downstream.Gate.Enter(1);
        int number = 0;
        for (int i = 0; i < waiters; i++)
        {
            Enqueue();
        }

        return new Subject($"{waiters} wait", times =>
        {
            for (int i = 0; i < times; i++)
            {
                Enqueue();
                long now = TimeProvider.System.GetTimestamp();
                ServiceCharge charge = served is null ? ServiceCharge.None : ServiceCharge.Of(served, now - served.DecidedAt, 1);
                if (served is not null)
                {
                    idle.Push(served);
                    Volatile.Write(ref served, null);
                }

                downstream.Complete(1, 0, 1, Outcome.Success, now, charge, weight: 0);

                // Now and then the timer has taken the lock first and is about to tell.
                while (Volatile.Read(ref served) is null)
                {
                    Thread.Yield();
                }
            }
        });

        void Enqueue()
        {
            var arrival = new Arrival
            {
                Priority = Priority.Normal,
                Overflow = Overflow.Block,
                Cost = 1,
                MaxWait = 600 * TimeProvider.System.TimestampFrequency,
                UsualService = Usual,
                Partition = Tenants[number++ % Tenants.Length],
            };
            downstream.Arrive(arrival, TimeProvider.System.GetTimestamp(), out _, out _);
        }
    }

    private sealed class Node(Action<Node> told) : Waiter
    {
        public override void OnDecided() => told(this);
    }
}
