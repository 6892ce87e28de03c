using System.Globalization;

namespace Backpressure.Benchmarks.Live;

/// <summary>
/// The laboratory's scenarios that are played over sockets too: 20 workers, 50 ms each (a semaphore of 20 and a delay,
/// but for a clock that does not stop when the processor is busy), so 400 a second; clients wait for a second.
/// </summary>
internal static class LiveScenarios
{
    private const double CapacityPerSecond = 400;
    private const double LeastGoodput = 0.9;
    private const double MostFalseRejects = 1;
    private const string Main = "main";
    private const string After = "after";
    private const string Before = "before";
    private const string Settling = "settling";

    private static readonly Plant Semaphore = new("semaphore", 20, Contention: 0);
    private static readonly Route Any = new("/normal", Priority.Normal, 50);
    private static readonly double[] One = [1];

    public static IEnumerable<Experiment> All(Lengths lengths, bool quick, IReadOnlyList<Contender> contenders)
    {
        yield return Step(lengths, contenders);
        yield return Drop(lengths, contenders);
        yield return MixShift(lengths, contenders);
        yield return Priorities(2, [0.2, 0.5, 0.3], lengths, contenders);
        if (!quick)
        {
            yield return Priorities(4, [0.2, 0.5, 0.3], lengths, contenders);
            yield return Priorities(10, [0.08, 0.5, 0.42], lengths, contenders);
        }

        yield return Outage(lengths, contenders);
    }

    private static Experiment Step(Lengths lengths, IReadOnlyList<Contender> contenders) => new(
        "scenario 1: 0.7x, 2x, 0.7x",
        Semaphore,
        [Any],
        [Load("warm-up", lengths.WarmUp, 0.7), Load(Before, lengths.Phase / 2, 0.7), Load(Main, lengths.Phase, 2), Load(Settling, 2, 0.7), Load(After, lengths.Phase / 2, 0.7)],
        1000,
        contenders,
        run =>
        [
            new Figure("false rejects before (%)", run.RefusedPercent(Before), Target.Most(MostFalseRejects)),
            new Figure("goodput at 2x (of capacity)", run.Goodput(Main, CapacityPerSecond), Target.Least(LeastGoodput)),
            new Figure("false rejects from 2 s after (%)", run.RefusedPercent(After), Target.Most(MostFalseRejects)),
        ]);

    private static Experiment Drop(Lengths lengths, IReadOnlyList<Contender> contenders)
    {
        const int left = 6;
        const double settling = 5;
        double leftPerSecond = CapacityPerSecond * left / Semaphore.Workers;
        Experiment experiment = new(
            "scenario 4: 20 workers, 6, 20 at 1.2x",
            Semaphore,
            [Any],
            [Load("warm-up", lengths.WarmUp, 1.2), Load(Before, lengths.Phase / 2, 1.2), Load(Main, lengths.Phase, 1.2), Load(Settling, settling, 1.2), Load(After, lengths.Phase / 2, 1.2)],
            1000,
            contenders,
            run =>
            [
                new Figure("goodput before (of capacity)", run.Goodput(Before, CapacityPerSecond), Target.Least(LeastGoodput)),
                new Figure("goodput of 6 workers (of what is left)", run.Goodput(Main, leftPerSecond), Target.Least(LeastGoodput)),
                new Figure($"goodput in the {settling:0} s after (of capacity)", run.Goodput(Settling, CapacityPerSecond)),
                new Figure("goodput from then on (of capacity)", run.Goodput(After, CapacityPerSecond), Target.Least(LeastGoodput)),
            ]);
        return experiment with
        {
            Changes =
            [
                new CapacityChange(experiment.During(Main).From, left),
                new CapacityChange(experiment.During(Main).To, Semaphore.Workers),
            ],
        };
    }

    private static Experiment MixShift(Lengths lengths, IReadOnlyList<Contender> contenders)
    {
        Route[] routes = [new("/fast", Priority.Normal, 20), new("/slow", Priority.Normal, 400)];
        return new Experiment(
            "scenario 5: mix of 20 and 400 ms shifts at 0.7x",
            Semaphore,
            routes,
            [Mix("warm-up", lengths.WarmUp, 0.95), Mix(Before, lengths.Phase / 2, 0.95), Mix(Main, lengths.Phase, 0.6)],
            1000,
            contenders,
            run =>
            [
                new Figure("false rejects at 95/5 (%)", run.RefusedPercent(Before), Target.Most(MostFalseRejects)),
                new Figure("false rejects at 60/40 (%)", run.RefusedPercent(Main), Target.Most(MostFalseRejects)),
            ]);

        Phase Mix(string name, double seconds, double fast)
        {
            double meanMs = (fast * routes[0].MeanMs) + ((1 - fast) * routes[1].MeanMs);
            return new Phase(name, seconds, 0.7 * Semaphore.Workers * 1000 / meanMs, [fast, 1 - fast]);
        }
    }

    private static Experiment Priorities(double load, double[] shares, Lengths lengths, IReadOnlyList<Contender> contenders)
    {
        Route[] routes = [new("/critical", Priority.Critical, 50), Any, new("/low", Priority.Low, 50)];
        string mix = string.Join('/', shares.Select(s => (s * 100).ToString("0", CultureInfo.InvariantCulture)));
        return new Experiment(
            string.Create(CultureInfo.InvariantCulture, $"scenario 9: priorities {mix} at {load:0}x"),
            Semaphore,
            routes,
            [new Phase("warm-up", lengths.WarmUp, load * CapacityPerSecond, shares), new Phase(Main, lengths.Phase, load * CapacityPerSecond, shares)],
            1000,
            contenders,
            run =>
            [
                new Figure("goodput (of capacity)", run.Goodput(Main, CapacityPerSecond), Target.Least(LeastGoodput)),
                new Figure(Overload.CriticalInTime, run.ServedPercent(Main, "/critical"), Target.Least(99.5)),
                new Figure("critical p99 (ms)", run.P99Ms(Main, "/critical")),
            ]);
    }

    private static Experiment Outage(Lengths lengths, IReadOnlyList<Contender> contenders)
    {
        const string outage = "outage";
        Experiment experiment = new(
            "scenario 11: 2 s outage at 0.9x, 3 retries",
            Semaphore,
            [Any],
            [Load("warm-up", lengths.WarmUp, 0.9), Load(outage, 2, 0.9), Load(Settling, 5, 0.9), Load(After, lengths.Phase / 2, 0.9)],
            500,
            contenders,
            run =>
            [
                new Figure("served from 5 s after (of offered)", run.ServedPercent(After) / 100, Target.Least(0.95)),
                new Figure("recovery (s)", run.RecoverySeconds(Settling, After)),
                new Figure("attempts a request", run.AttemptsPerRequest(outage, Settling)),
            ]);
        return experiment with
        {
            Retries = 3,
            Changes =
            [
                new CapacityChange(experiment.During(outage).From, 0),
                new CapacityChange(experiment.During(outage).To, Semaphore.Workers),
            ],
        };
    }

    private static Phase Load(string name, double seconds, double times) => new(name, seconds, times * CapacityPerSecond, One);
}
