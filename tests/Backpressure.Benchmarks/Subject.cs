namespace Backpressure.Benchmarks;

/// <summary>One way to do a piece of work, many times over.</summary>
/// <param name="Name">Who does it.</param>
/// <param name="Run">Does it so many times; the loop is inside, so that calling it costs nothing.</param>
internal sealed record Subject(string Name, Action<int> Run);
