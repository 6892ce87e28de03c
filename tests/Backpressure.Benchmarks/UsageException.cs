using System.Diagnostics.CodeAnalysis;

namespace Backpressure.Benchmarks;

/// <summary>The command line is wrong; the message says what it may be.</summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "It is made here only.")]
internal sealed class UsageException(string message) : Exception(message);
