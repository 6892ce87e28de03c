using System.ComponentModel.DataAnnotations;
using Polly;

namespace Backpressure.Http;

/// <summary>How many retries a pipeline may make, for each destination apart.</summary>
public class RetryBudgetStrategyOptions : ResilienceStrategyOptions
{
    /// <summary>Creates options with the defaults: a tenth, and ten at the start.</summary>
    public RetryBudgetStrategyOptions() => Name = "RetryBudget";

    /// <summary>Retries for each first attempt: 0.001 to 1, default 0.1.</summary>
    [Range(0.001, 1.0)]
    public double Ratio { get; set; } = 0.1;

    /// <summary>Retries saved up at most, and at the start: 1 to 1000, default 10.</summary>
    [Range(1, 1000)]
    public int Burst { get; set; } = 10;

    /// <summary>
    /// Says whom an execution calls; at most 1000 are told apart. Default <see langword="null"/>: scheme, host and port of the HTTP request
    /// where <c>AddResilienceHandler</c> or <c>AddStandardResilienceHandler</c> made the context, else one for all.
    /// </summary>
    public Func<ResilienceContext, string?>? DestinationOf { get; set; }

    /// <summary>Called when a retry is refused. Default <see langword="null"/>.</summary>
    public Func<ResilienceContext, ValueTask>? OnExhausted { get; set; }
}
