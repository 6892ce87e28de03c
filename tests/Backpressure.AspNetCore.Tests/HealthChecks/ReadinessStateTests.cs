using Backpressure.AspNetCore.HealthChecks;
using Backpressure.Observability;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Backpressure.AspNetCore.Tests.HealthChecks;

/// <summary>Seconds are ticks here, and every second has 20 critical requests.</summary>
public sealed class ReadinessStateTests
{
    private const int Window = 10;
    private const int PerSecond = 20;

    [Fact]
    public void Look_AtACalmReplica_IsHealthy()
    {
        var replica = new Replica(share: 0.5, seed: 1);

        Assert.All(Enumerable.Range(0, 200), _ => Assert.Equal(HealthStatus.Healthy, replica.Second(refused: 0).Status));
    }

    [Fact]
    public void Look_WhileCriticalIsRefused_IsUnhealthyInItsSlotsAndDegradedOutsideThem()
    {
        var replica = new Replica(share: 0.25, seed: 1);
        Readiness[] seen = [.. Enumerable.Range(0, 6_000).Select(_ => replica.Second(refused: PerSecond / 2))];

        Assert.All(seen.Skip(1), readiness => Assert.True(readiness.Overloaded));
        Assert.InRange(seen.Count(r => r.Status == HealthStatus.Unhealthy) / 6_000.0, 0.2, 0.25);
        Assert.Equal(0, seen.Skip(1).Count(r => r.Status == HealthStatus.Healthy));
        Assert.All(seen.Where(r => r.Status == HealthStatus.Unhealthy), r => Assert.Equal(0.5, r.RefusedShare, 0.01));
    }

    [Fact]
    public void Look_WhileLessThanItsShareIsRefused_StaysReady()
    {
        var replica = new Replica(share: 0.5, seed: 1);

        // 1 of 40: below 5 %.
        Assert.All(Enumerable.Range(0, 500), second => Assert.Equal(HealthStatus.Healthy, replica.Second(refused: second % 2).Status));
    }

    [Fact]
    public void Look_AtFewRequests_DoesNotTakeASingleRefusalForAState()
    {
        var replica = new Replica(share: 0.5, seed: 1);

        Assert.All(Enumerable.Range(0, 500), second => Assert.Equal(HealthStatus.Healthy, replica.Second(refused: second % 5 == 0 ? 1 : 0, admitted: 0).Status));
    }

    [Fact]
    public void Look_WhenRefusalsEnd_IsReadyAfterTheWindowAndStaysSoForTheRestOfItsSlot()
    {
        var replica = new Replica(share: 0.5, seed: 1, slot: 60);
        while (replica.Second(refused: 10).Status != HealthStatus.Unhealthy)
        {
        }

        HealthStatus[] calm = [.. Enumerable.Range(0, Window).Select(_ => replica.Second(refused: 0).Status)];
        HealthStatus[] again = [.. Enumerable.Range(0, 20).Select(_ => replica.Second(refused: 10).Status)];

        Assert.All(calm[..^1], status => Assert.Equal(HealthStatus.Unhealthy, status));
        Assert.Equal(HealthStatus.Healthy, calm[^1]);
        Assert.DoesNotContain(HealthStatus.Unhealthy, again);
    }

    [Fact]
    public void Look_ByManyAskersOrFew_SaysTheSame()
    {
        var often = new Replica(share: 0.5, seed: 3);
        var seldom = new Replica(share: 0.5, seed: 3);
        for (int second = 0; second < 2_000; second++)
        {
            int refused = second / 200 % 2 == 1 ? 10 : 0;
            Readiness one = often.Second(refused);
            for (int more = 0; more < 30; more++)
            {
                Assert.Equal(one.Status, often.Again().Status);
            }

            seldom.Pass(refused);
            if (second % 5 == 4 && second % 200 is > 30)
            {
                Assert.Equal(one.Status, seldom.Again().Status);
            }
        }
    }

    [Fact]
    public void Look_AtALongQueue_IsDegradedUntilItIsHalfAsLong()
    {
        var replica = new Replica(share: 0.5, seed: 1);

        Assert.Equal(HealthStatus.Healthy, replica.Second(0, waiting: 9).Status);
        Assert.Equal(HealthStatus.Degraded, replica.Second(0, waiting: 10).Status);
        Assert.Equal(HealthStatus.Degraded, replica.Second(0, waiting: 5).Status);
        Assert.Equal(HealthStatus.Healthy, replica.Second(0, waiting: 4).Status);
        Assert.Equal(HealthStatus.Healthy, replica.Second(0, waiting: 9).Status);
    }

    [Fact]
    public void ThreeReplicas_OverloadedForever_AreUnreadyTogetherNoMoreOftenThanTheFloorSays()
    {
        const int Seconds = 400_000;
        Replica[] fleet = [.. Enumerable.Range(0, 3).Select(i => new Replica(share: 0.25, seed: 100 + i))];
        int[] unready = new int[4];
        int[] stretch = new int[3];
        for (int second = 0; second < Seconds; second++)
        {
            int now = 0;
            for (int i = 0; i < fleet.Length; i++)
            {
                bool is503 = fleet[i].Second(refused: 10).Status == HealthStatus.Unhealthy;
                stretch[i] = is503 ? stretch[i] + 1 : 0;
                Assert.InRange(stretch[i], 0, 15);
                now += is503 ? 1 : 0;
            }

            unready[now]++;
        }

        // 0.25³ = 1.6 % of the time all three, and three quarters ready on average.
        Assert.InRange((double)unready[3] / Seconds, 0, 0.25 * 0.25 * 0.25 * 1.15);
        Assert.InRange((unready[1] + (2 * unready[2]) + (3 * unready[3])) / (3.0 * Seconds), 0.24, 0.2501);
    }

    private sealed class Replica
    {
        private readonly ReadinessState _state;
        private long _now;
        private CriticalCounts _counts;
        private QueueReading[] _queues = [];

        public Replica(double share, int seed, int slot = 15)
        {
            var options = new BackpressureHealthOptions();
            _state = new ReadinessState(options, new UnreadySlots(new Random(seed), slot, share, 0), Window, _counts, 0);
        }

        public Readiness Second(int refused, int waiting = 0, int? admitted = null)
        {
            Pass(refused, admitted);
            _queues = [new QueueReading("Default", waiting, 10)];
            return Again();
        }

        public void Pass(int refused, int? admitted = null)
        {
            _now++;
            _counts = new CriticalCounts(_counts.Admitted + (admitted ?? PerSecond - refused), _counts.Refused + refused);
        }

        public Readiness Again() => _state.Look(_now, _counts, _queues);
    }
}
