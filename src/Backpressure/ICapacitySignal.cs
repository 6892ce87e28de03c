namespace Backpressure;

/// <summary>
/// A reading of one's own. It counts where the configuration has an entry of its name under <c>Signals</c> with <c>"Kind": "Custom"</c>
/// and a downstream names it.
/// </summary>
public interface ICapacitySignal
{
    /// <summary>The name of its entry; compared without case.</summary>
    string Name { get; }

    /// <summary>
    /// The value now, in the unit of the entry's <c>Soft</c> and <c>Hard</c>; <see cref="double.NaN"/>: not known. Asked about ten times
    /// a second by one caller at a time, so it must answer at once: have what takes time read elsewhere, and return the last of it.
    /// What it throws counts as not known, and is logged once.
    /// </summary>
    double Read();
}
