namespace Backpressure.Tests;

/// <summary>How often a test of chance tries: less where Stryker asks hundreds of mutants in turn, each of which it slows down.</summary>
internal static class Effort
{
    private const int Less = 40;

    private static readonly bool IsMutated = Environment.GetEnvironmentVariable("STRYKER_MUTANT_FILE") is not null;

    public static int Of(int usual) => IsMutated ? Math.Max(1, usual / Less) : usual;
}
