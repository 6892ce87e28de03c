using Backpressure.Downstreams;
using Backpressure.Measurement;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

/// <summary>What the meter is told of units that are held and of which no latency tells: or all that were no sample would look like a queue.</summary>
public sealed class LoadShedderHeldTests
{
    // Milliseconds.
    private const double Part = 0.05;

    // Everything within five milliseconds, so that nobody has looked at the meter yet. The response begins after so many of 64 parts.
    [Theory]
    [InlineData(1, 64, Outcome.Success, true, 64, 0, 0)]
    [InlineData(3, 64, Outcome.Success, true, 64, 128, 2)]
    [InlineData(1, 64, Outcome.Success, false, 0, 64, 0)]
    [InlineData(2, 64, Outcome.Ignored, true, 0, 128, 1)]
    [InlineData(1, 16, Outcome.Success, true, 16, 48, 0)]
    [InlineData(2, 16, Outcome.Success, true, 16, 112, 1)]
    [InlineData(1, 60, Outcome.Success, true, 60, 4, 0)]
    [InlineData(1, 61, Outcome.Success, true, 61, 0, 0)] // 3 of 61 are less than a sixteenth: not worth telling.
    [InlineData(1, 64, Outcome.Dropped, true, 0, 0, 0)]
    [InlineData(3, 64, Outcome.Dropped, true, 0, 0, 0)] // What timed out is to look like a queue.
    public void Complete_TellsOfUnitsThatNoLatencyTellsOf(
        int cost, int respondsAfter, Outcome outcome, bool isSample, int latency, int besides, int units)
    {
        foreach (MeterSums sums in InEachWay(cost, (time, lease) =>
        {
            time.Pass(respondsAfter * Part);
            if (respondsAfter < 64)
            {
                lease.ResponseStarted();
            }

            time.Pass((64 - respondsAfter) * Part);
            lease.Complete(outcome, isSample);
        }))
        {
            Assert.Equal(latency, 1000 * sums.LatencySum / Part, 6);
            Assert.Equal(besides, 1000 * sums.OtherHeld / Part, 6);
            Assert.Equal(units, sums.OtherUnits);
        }
    }

    // Corrected after 48 of 64 parts: two units more for the last 16 of them, or until then.
    [Theory]
    [InlineData(1, 3, Outcome.Success, 32)]
    [InlineData(3, 1, Outcome.Success, 96)]
    [InlineData(1, 3, Outcome.Ignored, 96)] // No sample: 48 × 1 and 16 × 3.
    [InlineData(3, 1, Outcome.Ignored, 160)] // 48 × 3 and 16 × 1.
    public void CorrectCost_CountsFromThenOn(int cost, int corrected, Outcome outcome, int besides)
    {
        foreach (MeterSums sums in InEachWay(cost, (time, lease) =>
        {
            time.Pass(48 * Part);
            lease.CorrectCost(corrected);
            time.Pass(16 * Part);
            lease.Complete(outcome);
        }))
        {
            Assert.Equal(besides, 1000 * sums.OtherHeld / Part, 6);
        }
    }

    // What the meter has of one request of so many units, by each way in.
    private static IEnumerable<MeterSums> InEachWay(int cost, Action<FineTimeProvider, AdmissionLease> run)
    {
        foreach (string way in (string[])["plain", "by all stages", "waited", "observed"])
        {
            using var rig = new ShedderRig(Fixed(8, change: o =>
            {
                o.Mode = way == "observed" ? BackpressureMode.Observe : BackpressureMode.Enforce;
                o.Policies["Default"].Cost = cost;
            }));
            RequestClass any = rig.Shedder.ClassOf("any");
            Downstream downstream = way == "observed" ? DownstreamOf(any).Shadow! : DownstreamOf(any);
            run(rig.Time, Begin(rig, any, way, cost));
            downstream.Meter.Drain();
            yield return downstream.Meter.Open;
        }
    }

    private static AdmissionLease Begin(ShedderRig rig, RequestClass any, string way, int cost)
    {
        if (way == "plain" || way == "observed")
        {
            return rig.Ask(any);
        }

        if (way == "by all stages")
        {
            return rig.Ask(new AdmissionRequest(any) { Priority = Priority.High });
        }

        AdmissionLease running = rig.Ask(new AdmissionRequest(any) { Cost = 9 - cost });
        Task<AdmissionLease> waiting = rig.Wait(any);
        running.Complete(Outcome.Dropped);
        AdmissionLease lease = waiting.Result;
        DownstreamOf(any).Meter.Drain();
        DownstreamOf(any).Meter.Discard();
        return lease;
    }
}
