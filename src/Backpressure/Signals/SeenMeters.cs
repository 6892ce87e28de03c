using System.Diagnostics.Metrics;

namespace Backpressure.Signals;

/// <summary>The names that were published, so that a name which never reports can be answered with those that are there.</summary>
internal sealed class SeenMeters(string meter, string instrument)
{
    /// <summary>Of each list: what is beyond does not help a reader.</summary>
    private const int MaxNames = 40;

    private readonly Lock _lock = new();
    private readonly SortedSet<string> _meters = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _instruments = new(StringComparer.Ordinal);

    public void Note(Instrument published)
    {
        lock (_lock)
        {
            Add(_meters, published.Meter.Name);
            if (published.Meter.Name == meter)
            {
                Add(_instruments, published.Name);
            }
        }

        static void Add(SortedSet<string> names, string name)
        {
            if (names.Count < MaxNames)
            {
                names.Add(name);
            }
        }
    }

    public string Describe()
    {
        lock (_lock)
        {
            return _instruments.Count > 0
                ? $"The meter {meter} has no instrument {instrument}; it has: {string.Join(", ", _instruments)}."
                : $"No meter {meter} was seen; these were: {(_meters.Count > 0 ? string.Join(", ", _meters) : "none")}. "
                    + "It may come with the first use of its library.";
        }
    }
}
