using Backpressure.Simulation.Clients;
using Backpressure.Simulation.Scoring;

namespace Backpressure.Simulation.Scenarios;

/// <summary>Clients that come back.</summary>
internal static class ClientScenarios
{
    private static readonly ClientSpec _stubborn = new() { TimeOut = 0.5, Retries = 3 };

    // Nothing runs for 2 s; 5 s later all must be well. Before it a law has time to come up from an initial limit of 1,
    // and the handlers to forget what they were refused meanwhile: neither is the question here.
    private static readonly Phase[] _outage = [new(30, 0.9), new(2, 0.9) { Capacity = 0 }, new(5, 0.9), new(15, 0.9), new(1, 0.9)];

    public static Scenario Retries { get; } = new()
    {
        Number = 11,
        Title = "0.9×, 2 s outage, 3 retries",
        Clients = _stubborn,
        Phases = _outage,
        Figures =
        [
            Figure.Least("goodput from 5 s after", 0.95, static (run, _) => Measure.Goodput(run, 3)) with { Strict = true },
            new("amplification", static (run, _) => Measure.Amplification(run, 1, 2)) { AtLeast = false },
        ],
    };

    public static Scenario WithHandler { get; } = new()
    {
        Number = 11,
        Title = "the same with the client handler",
        Clients = _stubborn with { ObeysRetryAfter = true, HasHandler = true },
        Phases = _outage,
        Figures =
        [
            Figure.Least("handler: goodput from 5 s after", 0.95, static (run, _) => Measure.Goodput(run, 3)) with { Strict = true },
            Figure.Most("handler: amplification", 1.15, static (run, _) => Measure.Amplification(run, 1, 2)) with { Strict = true },
        ],
    };

    /// <summary>9 000 clients come in 10 s to a gate that can serve 4 000 of them; the rest do as they are told.</summary>
    public static Scenario RetryAfter { get; } = new()
    {
        Number = 12,
        Title = "5 000 rejected in 10 s obey Retry-After",
        Clients = new() { Retries = 30, ObeysRetryAfter = true },
        Phases = [new(10, 0.7), new(10, 2.25), new(40, 0.3)],
        Figures =
        [
            Figure.Most("busiest 1 s of returns ÷ capacity", 1.5, static (run, _) => Measure.BusiestSecondOfReturns(run)) with { Strict = true },
            new("served in the end", static (run, _) => Measure.Served(run, 1, 0, 1)),
        ],
    };

    /// <summary>The same crowd, each behind the client handler of its process.</summary>
    public static Scenario RetryAfterWithHandler { get; } = RetryAfter with
    {
        Title = "the same with the client handler",
        Clients = RetryAfter.Clients! with { HasHandler = true },
        Figures =
        [
            Figure.Most("handler: busiest 1 s of returns ÷ capacity", 1.5, static (run, _) => Measure.BusiestSecondOfReturns(run)) with { Strict = true },
        ],
    };
}
