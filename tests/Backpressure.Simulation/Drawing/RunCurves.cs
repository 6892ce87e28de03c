using Backpressure.Simulation.Running;
using Backpressure.Simulation.Scenarios;

namespace Backpressure.Simulation.Drawing;

/// <summary>What a picture shows of a run, panel by panel.</summary>
internal static class RunCurves
{
    private const string Blue = "#3b82c4";
    private const string PaleBlue = "#b9cfe2";
    private const string Orange = "#c2410c";
    private const string Green = "#3f8f5b";
    private const string Grey = "#9aa5b1";
    private const string Ink = "#1f2933";

    /// <summary>More kinds than this are one area.</summary>
    private const int MostAreas = 3;

    private static readonly string[] _areaColors = [Orange, Blue, PaleBlue];

    /// <summary>The limit and what is in flight.</summary>
    public static IReadOnlyList<Curve> OfLimit(RunRecord run) =>
    [
        new("in flight", PaleBlue, CurveStyle.Area, ToDoubles(run.InFlight)),
        new("limit", Orange, CurveStyle.Line, ToDoubles(run.Limit)),
        new("the oracle's limit", Ink, CurveStyle.Dashed, BestLimits(run.Timeline)),
    ];

    /// <summary>Who waits.</summary>
    public static IReadOnlyList<Curve> OfQueue(RunRecord run)
    {
        IReadOnlyList<RequestKind> kinds = run.Timeline.Scenario.Kinds;
        if (kinds.Count is > 1 and <= MostAreas)
        {
            return [.. kinds.Select((kind, i) => new Curve(kind.Name, _areaColors[i], CurveStyle.Area, ToDoubles(run.Waiting[i])))];
        }

        if (run.Timeline.Scenario.HasTenants)
        {
            return
            [
                new(kinds[0].Name, Orange, CurveStyle.Area, ToDoubles(run.Waiting[0])),
                new("the others", Blue, CurveStyle.Area, SumOf(run.Waiting.Skip(1))),
            ];
        }

        return [new("in the queue", Blue, CurveStyle.Area, SumOf(run.Waiting))];
    }

    /// <summary>Work done in time, and what came, each ÷ the full capacity.</summary>
    public static IReadOnlyList<Curve> OfGoodput(RunRecord run)
    {
        double full = run.Timeline.Servers * run.Timeline.BinSeconds;
        List<Curve> curves =
        [
            new("done in time", Green, CurveStyle.Area, [.. run.InTime.Select(w => w / full)]),
            new("offered", Grey, CurveStyle.Line, [.. run.Trace.Offered.Select(w => w / full)]),
            new("capacity", Ink, CurveStyle.Dashed, [.. run.Timeline.Capacity.Select(c => c / full)]),
        ];
        if (run.Timeline.Scenario.Clients is not null)
        {
            double requests = run.Timeline.RateAt(0, 1) * run.Timeline.BinSeconds;
            curves.Insert(2, new("tried again", Orange, CurveStyle.Line, [.. run.Returns.Select(r => r / requests)]));
        }

        return curves;
    }

    private static double[] BestLimits(Timeline timeline)
    {
        double[] best = new double[timeline.Bins];
        int change = 0;
        for (int bin = 0; bin < best.Length; bin++)
        {
            while (change + 1 < timeline.Changes.Length && timeline.Changes[change + 1].At <= (bin + 0.5) * timeline.BinSeconds)
            {
                change++;
            }

            best[bin] = timeline.Changes[change].BestLimit;
        }

        return best;
    }

    private static double[] SumOf(IEnumerable<int[]> kinds) =>
        kinds.Select(ToDoubles).Aggregate((sum, next) => [.. sum.Zip(next, (a, b) => a + b)]);

    private static double[] ToDoubles(int[] values) => [.. values.Select(v => (double)v)];
}
