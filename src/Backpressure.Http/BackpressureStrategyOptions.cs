using System.ComponentModel.DataAnnotations;
using Backpressure.Configuration;
using Polly;

namespace Backpressure.Http;

/// <summary>A gate in a Polly pipeline: an adaptive limit on executions at once, with a queue by priority.</summary>
public class BackpressureStrategyOptions : ResilienceStrategyOptions, IValidatableObject
{
    /// <summary>Creates options with the defaults, which enforce.</summary>
    public BackpressureStrategyOptions() => Name = "Backpressure";

    /// <summary>How many executions may be in flight, and what moves that number. Default: adaptive.</summary>
    [Required]
    public LimitOptions Limit { get; set; } = new();

    /// <summary>How many may wait: 0 to 1 000 000 (0: none); default <see langword="null"/>: twice the limit, at least 16.</summary>
    [Range(0, 1_000_000)]
    public int? QueueCapacity { get; set; }

    /// <summary>The longest that one waits: 1 ms to 10 minutes, default 500 ms.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Says an execution's priority. Default <see langword="null"/>: all are <see cref="Priority.Normal"/>.</summary>
    public Func<ResilienceContext, Priority>? PriorityOf { get; set; }

    /// <summary>
    /// Says what became of an execution, by its result or exception; <see langword="null"/> leaves it to the table of the HTTP handler:
    /// time-outs, open circuits, 429, 503 and 504 are <see cref="Outcome.Dropped"/>, other failures <see cref="Outcome.Ignored"/>.
    /// Default <see langword="null"/>.
    /// </summary>
    public Func<Outcome<object>, Outcome?>? OutcomeOf { get; set; }

    /// <summary>Called when an execution is refused. Default <see langword="null"/>.</summary>
    public Func<BackpressureRejectedException, ValueTask>? OnRejected { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var errors = new OptionsErrors();
        errors.Range(nameof(MaxWait), MaxWait, TimeSpan.FromMilliseconds(1), "Choose a duration in that range, or leave it out for 00:00:00.500.");
        DownstreamRules.Validate(string.Empty, new DownstreamOptions { Limit = Limit }, new BackpressureOptions(), string.Empty, errors);
        return errors.Texts.Select(static text => new ValidationResult(text));
    }
}
