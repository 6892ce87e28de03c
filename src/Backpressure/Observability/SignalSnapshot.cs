using Backpressure.Configuration;

namespace Backpressure.Observability;

/// <summary>One signal as it stands.</summary>
/// <param name="Settings">What it is.</param>
/// <param name="Level">0: does not lower limits; 1: lowers them to the minimum.</param>
/// <param name="Value">The value behind; NaN: none.</param>
/// <param name="IsStale">Whether it does not count for want of readings.</param>
internal sealed record SignalSnapshot(SignalSettings Settings, double Level, double Value, bool IsStale);
