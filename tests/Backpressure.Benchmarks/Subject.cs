namespace Backpressure.Benchmarks;

/// <summary>One way to do a piece of work, many times over.</summary>
/// <param name="Name">Who does it.</param>
/// <param name="Run">Does it so many times; the loop is inside, so that calling it costs nothing.</param>
internal sealed record Subject(string Name, Action<int> Run)
{
    /// <summary>The subject whose time and bytes are taken off: what is there without this one. Null: nothing is taken off.</summary>
    public string? Floor { get; init; }

    /// <summary>What a subject does beside its work: it is there only to be taken off others, and makes no row.</summary>
    public bool IsFloor { get; init; }
}
