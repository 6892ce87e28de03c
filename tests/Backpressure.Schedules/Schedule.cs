using System.Globalization;
using System.Runtime.CompilerServices;
using Backpressure.Schedules.Controlled;
using Microsoft.Coyote.SystematicTesting;
using Xunit;
using CoyoteConfiguration = Microsoft.Coyote.Configuration;

namespace Backpressure.Schedules;

/// <summary>
/// Runs a piece of concurrent work under many schedules, each chosen by Coyote step by step. Coyote finds a deadlock, an
/// exception and a failed assertion, and says in which schedule.
/// </summary>
internal static class Schedule
{
    /// <summary>More or fewer schedules a test than usual: <c>SCHEDULES=100000 dotnet test …</c>.</summary>
    private const string CountVariable = "SCHEDULES";

    /// <summary>Other schedules: any number.</summary>
    private const string SeedVariable = "SCHEDULES_SEED";

    private const uint UsualCount = 1000;
    private const uint UsualSeed = 1;

    public static void Explore(Func<Task> work, [CallerMemberName] string test = "")
    {
        uint count = NumberOf(CountVariable, UsualCount);
        CoyoteConfiguration configuration = CoyoteConfiguration.Create()
            .WithTelemetryEnabled(false)
            .WithTestingIterations(count)
            .WithRandomGeneratorSeed(NumberOf(SeedVariable, UsualSeed))

            // Nothing may escape the scheduler: what did would be tested by luck again.
            .WithPartiallyControlledConcurrencyAllowed(false)

            // Only what is certain to be a deadlock is one, however slow the machine.
            .WithDeadlockTimeout(20_000);
        using TestingEngine engine = TestingEngine.Create(configuration, () => RunAsync(work));
        Assert.True(engine.IsTestRewritten(), "The build has not rewritten this assembly for Coyote.");
        engine.Run();

        TestReport report = engine.TestReport;
        int explored = report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths;
        if (report.NumOfFoundBugs > 0 || report.InternalErrors.Count > 0)
        {
            string trace = Path.Combine(AppContext.BaseDirectory, $"{test}.schedule");
            File.WriteAllText(trace, engine.ReproducibleTrace);
            Assert.Fail($"Schedule {explored}: {string.Join('\n', report.BugReports.Concat(report.InternalErrors))}\nIts steps: {trace}");
        }

        Assert.True(explored >= count, $"Only {explored} of {count} schedules were run.");
        TestContext.Current.TestOutputHelper?.WriteLine($"{explored} schedules, up to {report.MaxExploredFairSteps} steps, up to {report.MaxConcurrencyDegree} at once.");
    }

    /// <summary>Runs pieces of work at once and waits for all of them.</summary>
    /// <remarks>An array: Coyote knows nothing of the overload of <see cref="Task.WhenAll(ReadOnlySpan{Task})"/>.</remarks>
    public static Task AtOnce(params Func<Task>[] work) => Task.WhenAll(work.Select(one => Task.Run(one)).ToArray());

    private static Task RunAsync(Func<Task> work)
    {
        ControlledTime.BeginSystem();
        return work();
    }

    private static uint NumberOf(string variable, uint usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? uint.Parse(text, CultureInfo.InvariantCulture) : usual;
}
