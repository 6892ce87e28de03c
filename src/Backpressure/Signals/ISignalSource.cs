namespace Backpressure.Signals;

/// <summary>Where a signal's readings come from. Asked by one caller at a time, about ten times a second.</summary>
internal interface ISignalSource : IDisposable
{
    /// <summary>The value now, in the source's own unit; NaN: not known.</summary>
    double Read(long now);

    /// <summary>What an operator should know when nothing is known: why that may be, and the way out.</summary>
    string Absence { get; }
}
