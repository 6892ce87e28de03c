namespace Backpressure.Benchmarks.Live;

/// <summary>
/// What the built-in page costs those who do not look at it: half of what the downstream can do, first with no page open and then
/// with a hundred; and a server with next to nothing to do, whose processor is looked at.
/// </summary>
internal static class Pages
{
    public const string Path = "/backpressure";

    private const int Many = 100;
    private const double LoadPerSecond = 200;

    /// <summary>Next to nothing, so that what the page costs stands out.</summary>
    private const double IdlePerSecond = 1;

    /// <summary>
    /// Seconds in which a server that has just started compiles what it runs: what is called once a second is compiled for good
    /// after thirty calls, and again, by what was seen meanwhile, after thirty more.
    /// </summary>
    private const double Compiling = 90;

    /// <summary>So that all of what serves a request is compiled for good meanwhile, and not in the midst of what is measured.</summary>
    private const double CompilingPerSecond = 20;

    /// <summary>Seconds in which pages come and go.</summary>
    private const double Between = 2;

    /// <summary>Issue 5: of a processor, for a page that is open all day.</summary>
    private const double MostProcessorPercent = 0.5;

    /// <summary>Two runs without a page differ by as much.</summary>
    private const double MostSlower = 1.1;

    private const string NonePhase = "no page";
    private const string NoneAgainPhase = "no page again";
    private const string OnePhase = "one page";
    private const string ManyPhase = "a hundred pages";

    private static readonly Plant Semaphore = new("semaphore", 20, Contention: 0);
    private static readonly Route Any = new("/normal", Priority.Normal, 50);
    private static readonly double[] One = [1];
    private static readonly Contender[] Contenders = [Contender.WithPage];

    public static IEnumerable<Experiment> All(Lengths lengths, bool quick) => quick ? [Beside(lengths)] : [Beside(lengths), Idle(lengths)];

    private static Experiment Beside(Lengths lengths) => new(
        "a hundred pages beside 0.5x",
        Semaphore,
        [Any],
        [Load("warm-up", lengths.WarmUp), Load(NonePhase, lengths.Phase), Load("opening", 2), Load(ManyPhase, lengths.Phase)],
        1000,
        Contenders,
        run =>
        [
            new Figure("p99 with no page open (ms)", run.P99Ms(NonePhase, Any.Path)),
            new Figure("p99 with a hundred (ms)", run.P99Ms(ManyPhase, Any.Path)),
            new Figure("p99 with a hundred over none", run.P99Ms(ManyPhase, Any.Path) / run.P99Ms(NonePhase, Any.Path), Target.Most(MostSlower)),
            new Figure("served in time with a hundred (%)", run.ServedPercent(ManyPhase), Target.Least(100)),
        ])
    {
        Claimed = Contender.WithPage,
        Watching = [new Watching(Many, lengths.WarmUp + lengths.Phase)],
    };

    private static Experiment Idle(Lengths lengths) => new(
        "pages on an idle server",
        Plant.Processor,
        [new Route("/normal", Priority.Normal, 0)],
        [
            new Phase("compiling", Compiling, CompilingPerSecond, One), Still("closing", Between), Still(NonePhase, lengths.Phase),
            Still("opening one", Between), Still(OnePhase, lengths.Phase), Still("closing one", Between), Still(NoneAgainPhase, lengths.Phase),
            Still("opening a hundred", Between), Still(ManyPhase, lengths.Phase), Still("end", Between),
        ],
        1000,
        Contenders,
        run =>
        [
            new Figure("processor with no page open, before (%)", run.ProcessorPercent(NonePhase)),
            new Figure("and after (%)", run.ProcessorPercent(NoneAgainPhase)),
            new Figure("one page besides (%)", Besides(run, OnePhase), Target.Most(MostProcessorPercent)),
            new Figure("a hundred besides (%)", Besides(run, ManyPhase)),
        ])
    {
        Claimed = Contender.WithPage,
        Watching =
        [
            new Watching(1, 0, Compiling),
            new Watching(1, Compiling + Between + lengths.Phase, Compiling + (2 * Between) + (2 * lengths.Phase)),
            new Watching(Many, Compiling + (3 * Between) + (3 * lengths.Phase)),
        ],
    };

    private static double? Besides(Run run, string phase) =>
        run.ProcessorPercent(phase) - ((run.ProcessorPercent(NonePhase) + run.ProcessorPercent(NoneAgainPhase)) / 2);

    private static Phase Still(string name, double seconds) => new(name, seconds, IdlePerSecond, One);

    private static Phase Load(string name, double seconds) => new(name, seconds, LoadPerSecond, One);
}
