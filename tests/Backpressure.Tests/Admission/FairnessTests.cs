using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

/// <summary>Who gets what of a downstream of 20 workers and 50 ms, which is 400 a second, when more is asked of it.</summary>
public sealed class FairnessTests
{
    private const double Capacity = 400;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void OneTenantAtTenTimesItsShare_TakesNothingFromNineAtHalfOfTheirs(int seed)
    {
        var load = new TenantLoad(20, seed: seed);
        TenantLoad.Tenant heavy = load.Add(PartitionHash.Of("heavy"), Capacity);
        TenantLoad.Tenant[] light = [.. Enumerable.Range(1, 9).Select(i => load.Add(PartitionHash.Of($"light-{i}"), Capacity / 20))];

        load.Run(60);

        Assert.All(light, tenant => Assert.True(tenant.Share >= 0.99, $"{tenant.Share:P1} of a light tenant's requests were served."));
        Assert.True(TenantLoad.Jain(light.Select(t => t.Share)) >= 0.99);

        // Each by what it might have had: the light ones what they ask for, the heavy one all that is left.
        double[] fair = [.. light.Select(t => t.Offered / 60.0), Capacity - (9 * Capacity / 20)];
        double[] got = [.. light.Append(heavy).Select(t => t.Served / 60.0)];
        Assert.True(TenantLoad.Jain(got.Zip(fair, (g, f) => g / f)) >= 0.9, string.Join(' ', got));
        Assert.InRange(got.Sum(), 0.97 * Capacity, 1.01 * Capacity);
    }

    [Fact]
    public void TenantsThatAllAskForTwiceTheirShare_GetAlike()
    {
        var load = new TenantLoad(20);
        TenantLoad.Tenant[] tenants = [.. Enumerable.Range(1, 10).Select(i => load.Add(PartitionHash.Of($"t{i}"), Capacity * (i == 1 ? 2 : 0.2)))];

        load.Run(60);

        Assert.True(TenantLoad.Jain(tenants.Select(t => (double)t.Served)) >= 0.97, string.Join(' ', tenants.Select(t => t.Served)));
    }

    [Fact]
    public void OneHeavyTenantAmong100000_TakesNothingFromTheOthers()
    {
        var load = new TenantLoad(20);
        TenantLoad.Tenant heavy = load.Add(PartitionHash.Of("heavy"), 3 * Capacity);
        TenantLoad.Tenant others = load.Add(random => PartitionHash.Of($"user-{random.Next(100_000)}"), Capacity / 2);

        load.Run(60);

        Assert.True(others.Share >= 0.99, $"{others.Share:P2} of the others' requests were served.");
        Assert.InRange(heavy.Served / 60.0, 0.45 * Capacity, 0.55 * Capacity);
    }

    [Fact]
    public void TenantOfSlowRequests_PaysForWhatTheyTake()
    {
        // Nothing is known of a request before it runs: only its end tells.
        var load = new TenantLoad(20, GateRig.Queue(capacity: 200));
        TenantLoad.Tenant slow = load.Add(PartitionHash.Of("slow"), 200, service: 0.5, maxWait: 5);
        TenantLoad.Tenant quick = load.Add(PartitionHash.Of("quick"), 2000, service: 0.025, maxWait: 5);

        load.Run(60);

        // Request for request, the slow one would have had twenty times as much of the downstream.
        Assert.InRange(slow.Worked / quick.Worked, 0.8, 1.25);
        Assert.InRange((slow.Worked + quick.Worked) / 60, 19.5, 20.5);
    }

    [Fact]
    public void RequestsWithoutAPartition_ShareOne()
    {
        var load = new TenantLoad(20);
        TenantLoad.Tenant nobodys = load.Add(0ul, 5 * Capacity);
        TenantLoad.Tenant somebody = load.Add(PartitionHash.Of("somebody"), 0.45 * Capacity);

        load.Run(30);

        Assert.True(somebody.Share >= 0.99, $"{somebody.Share:P1}");
        Assert.InRange(nobodys.Served / 30.0, 0.5 * Capacity, 0.6 * Capacity);
    }

    [Fact]
    public void UnusedShare_IsNotSavedUp()
    {
        var load = new TenantLoad(20);
        TenantLoad.Tenant steady = load.Add(PartitionHash.Of("steady"), 2 * Capacity);
        load.Run(30);
        TenantLoad.Tenant late = load.Add(PartitionHash.Of("late"), 2 * Capacity);
        int before = steady.Served;

        load.Run(2);

        Assert.InRange((double)late.Served / (steady.Served - before), 0.8, 1.25);
    }

    [Fact]
    public void ShedSameUsers_OfTwoServices_ServesTheSameOnes()
    {
        (HashSet<ulong> Served, int All)[] services = [Serve(seed: 1, cohorts: true), Serve(seed: 2, cohorts: true)];
        (HashSet<ulong> Served, int All)[] random = [Serve(seed: 1, cohorts: false), Serve(seed: 2, cohorts: false)];

        double same = OverlapOf(services);
        double chance = OverlapOf(random);

        Assert.True(same >= 0.75, $"{same:P1} of those whom one served, the other served too.");
        Assert.True(same >= chance + 0.25, $"{same:P1} against {chance:P1} by chance.");
        Assert.InRange(services[0].Served.Count, 0.9 * random[0].Served.Count, 1.1 * random[0].Served.Count);

        static double OverlapOf((HashSet<ulong> Served, int All)[] of) =>
            (double)of[0].Served.Intersect(of[1].Served).Count() / Math.Min(of[0].Served.Count, of[1].Served.Count);

        // Each user once, in an order of the service's own, at twice what it can do.
        static (HashSet<ulong> Served, int All) Serve(int seed, bool cohorts)
        {
            const int Users = 40_000;
            ulong[] users = [.. Enumerable.Range(0, Users).Select(i => PartitionHash.Of($"user-{i}"))];
            new Random(seed).Shuffle(users);
            int next = 0;
            DateTimeOffset hour = DateTimeOffset.UnixEpoch.AddHours(491_000);
            var load = new TenantLoad(20, seed: seed);
            TenantLoad.Tenant crowd = load.Add(
                _ => users[Math.Min(next++, Users - 1)], 2 * Capacity, cohort: cohorts ? user => PartitionHash.CohortOf(user, hour) : null);
            load.Run(Users / (2 * Capacity) * 0.98);
            return (crowd.Keys, crowd.Offered);
        }
    }

    [Fact]
    public void ShedSameUsers_WithOneClearlyHeavier_ShedsThatOneAllTheSame()
    {
        DateTimeOffset hour = DateTimeOffset.UnixEpoch.AddHours(491_000);
        var load = new TenantLoad(20);
        byte Cohort(ulong user) => PartitionHash.CohortOf(user, hour);
        ulong best = Enumerable.Range(0, 10_000).Select(i => PartitionHash.Of($"heavy-{i}")).MaxBy(Cohort);
        load.Add(_ => best, 3 * Capacity, cohort: Cohort);
        TenantLoad.Tenant others = load.Add(random => PartitionHash.Of($"user-{random.Next(100_000)}"), Capacity / 2, cohort: Cohort);

        load.Run(30);

        Assert.True(others.Share >= 0.98, $"{others.Share:P2}");
    }
}
