using Backpressure.AspNetCore.HealthChecks;

namespace Backpressure.AspNetCore.Tests.HealthChecks;

/// <summary>What "not all replicas at once" rests on: slots drawn by lot, independent, bounded, with pauses between.</summary>
public sealed class UnreadySlotsTests
{
    [Theory]
    [InlineData(0.05)]
    [InlineData(0.25)]
    [InlineData(0.5)]
    public void Slots_TakeTheirShareOfTheTime_InStretchesOfTheirLengthWithPausesAsLong(double share)
    {
        const int Length = 15;
        const int End = 400_000;
        var slots = new UnreadySlots(new Random(1), Length, share, now: 0);
        int inside = 0;
        int stretch = 0;
        int pause = Length;
        for (int now = 0; now < End; now++)
        {
            if (slots.EndAt(now) is { } end)
            {
                Assert.InRange(end, now + 1, now + Length);
                Assert.True(stretch > 0 || pause >= Length || inside == 0, $"A pause of {pause} before {now}.");
                inside++;
                stretch++;
                pause = 0;
                Assert.InRange(stretch, 1, Length);
            }
            else
            {
                stretch = 0;
                pause++;
            }
        }

        Assert.InRange((double)inside / End, share * 0.99, share * 1.01);
    }

    [Fact]
    public void Slots_AreAnEqualChanceAtEveryMoment_ForReplicasThatStartTogether()
    {
        const int Replicas = 40_000;
        UnreadySlots[] replicas = [.. Enumerable.Range(0, Replicas).Select(seed => new UnreadySlots(new Random(seed), 15, 0.25, now: 1000))];

        for (int now = 1000; now < 1180; now += 7)
        {
            int inside = replicas.Count(slots => slots.EndAt(now) is not null);

            Assert.InRange((double)inside / Replicas, 0.24, 0.26);
        }
    }

    [Fact]
    public void Slots_WithoutAShare_NeverCome()
    {
        var slots = new UnreadySlots(new Random(1), 15, share: 0, now: 0);

        Assert.All(Enumerable.Range(0, 10_000), now => Assert.Null(slots.EndAt(now)));
    }

    [Fact]
    public void Slots_AfterALongSilence_GoOnAsBefore()
    {
        var slots = new UnreadySlots(new Random(1), 15, 0.25, now: 0);
        int inside = 0;
        for (long now = 1_000_000_000; now < 1_000_040_000; now++)
        {
            inside += slots.EndAt(now) is null ? 0 : 1;
        }

        Assert.InRange(inside, 9_800, 10_200);
    }
}
