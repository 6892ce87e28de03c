using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Backpressure.Http;
using Backpressure.Http.Strategies;
using Polly.Retry;

namespace Polly;

/// <summary>Backpressure's strategies for Polly pipelines.</summary>
public static class BackpressureResiliencePipelineBuilderExtensions
{
    /// <summary>Adds a gate with the defaults: an adaptive limit, at most 500 ms of waiting.</summary>
    /// <typeparam name="TBuilder">The builder's type.</typeparam>
    /// <param name="builder">The pipeline.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    public static TBuilder AddBackpressure<TBuilder>(this TBuilder builder)
        where TBuilder : ResiliencePipelineBuilderBase => builder.AddBackpressure(new BackpressureStrategyOptions());

    /// <summary>
    /// Adds a gate. What it refuses ends with a <see cref="BackpressureRejectedException"/>. Outside of a retry, an execution with all its
    /// attempts holds one slot; inside, each attempt asks anew.
    /// </summary>
    /// <typeparam name="TBuilder">The builder's type.</typeparam>
    /// <param name="builder">The pipeline.</param>
    /// <param name="options">What is wanted.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    /// <exception cref="ValidationException">The options are invalid.</exception>
    [UnconditionalSuppressMessage("Trimming", "IL2026:RequiresUnreferencedCode", Justification = "All members of the options are kept.")]
    [DynamicDependency(DynamicallyAccessedMemberTypes.All, typeof(BackpressureStrategyOptions))]
    public static TBuilder AddBackpressure<TBuilder>(this TBuilder builder, BackpressureStrategyOptions options)
        where TBuilder : ResiliencePipelineBuilderBase
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        builder.AddStrategy(context => new GateStrategy(options, context.TimeProvider, context.Telemetry), options);
        return builder;
    }

    /// <summary>Adds a retry budget with the defaults: one retry for ten first attempts.</summary>
    /// <typeparam name="TBuilder">The builder's type.</typeparam>
    /// <param name="builder">The pipeline.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    public static TBuilder AddRetryBudget<TBuilder>(this TBuilder builder)
        where TBuilder : ResiliencePipelineBuilderBase => builder.AddRetryBudget(new RetryBudgetStrategyOptions());

    /// <summary>
    /// Adds a retry budget to the retry before it: place it directly after <c>AddRetry</c>. A retry beyond it is not made and ends the
    /// execution with a <see cref="BackpressureRejectedException"/> that says what the attempt before ended with. To have that itself,
    /// as a response or exception, use <see cref="WithinBudget"/>.
    /// </summary>
    /// <typeparam name="TBuilder">The builder's type.</typeparam>
    /// <param name="builder">The pipeline.</param>
    /// <param name="options">What is wanted.</param>
    /// <returns>The same <paramref name="builder"/>.</returns>
    /// <exception cref="ValidationException">The options are invalid.</exception>
    [UnconditionalSuppressMessage("Trimming", "IL2026:RequiresUnreferencedCode", Justification = "All members of the options are kept.")]
    [DynamicDependency(DynamicallyAccessedMemberTypes.All, typeof(RetryBudgetStrategyOptions))]
    public static TBuilder AddRetryBudget<TBuilder>(this TBuilder builder, RetryBudgetStrategyOptions options)
        where TBuilder : ResiliencePipelineBuilderBase
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        builder.AddStrategy(context => new RetryBudgetStrategy(options, context.Telemetry), options);
        return builder;
    }

    /// <summary>
    /// Has a retry ask a budget before each attempt, also that of <c>AddStandardResilienceHandler</c>. Beyond it the attempt before
    /// stands, with its response or exception. Set <c>ShouldHandle</c> and <c>MaxRetryAttempts</c> before.
    /// </summary>
    /// <typeparam name="TResult">The results' type.</typeparam>
    /// <param name="retry">The retry.</param>
    /// <param name="options">The budget; <see langword="null"/>: the defaults.</param>
    /// <returns>The same <paramref name="retry"/>.</returns>
    public static RetryStrategyOptions<TResult> WithinBudget<TResult>(this RetryStrategyOptions<TResult> retry, RetryBudgetStrategyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(retry);
        Func<RetryPredicateArguments<TResult>, ValueTask<bool>> wants = retry.ShouldHandle;
        var budgets = new RetryBudgets(options ?? new RetryBudgetStrategyOptions());
        retry.ShouldHandle = async arguments =>
        {
            RetryBudget budget = budgets.Of(arguments.Context);
            if (arguments.AttemptNumber == 0)
            {
                budget.NoteFirstAttempt();
            }

            // After the last attempt it is asked too, but nothing follows.
            bool isLast = arguments.AttemptNumber >= retry.MaxRetryAttempts;
            return await wants(arguments).ConfigureAwait(arguments.Context.ContinueOnCapturedContext) && (isLast || budget.TryRetry());
        };
        return retry;
    }
}
