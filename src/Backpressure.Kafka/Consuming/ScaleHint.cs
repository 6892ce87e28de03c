namespace Backpressure.Kafka.Consuming;

/// <summary>
/// How many consumers a group wants, as one of them sees it: what comes in, and what is behind caught up in the time given, by what a consumer can
/// do at most. Pure: told the numbers and the time.
/// </summary>
/// <remarks>It takes its own share of the partitions for typical. What it can do at most is what it does, by the share of its places that were busy.</remarks>
internal sealed class ScaleHint(TimeSpan catchUp)
{
    /// <summary>Seconds over which rates are averaged.</summary>
    public const double Window = 30;

    private double _since = double.NaN;
    private long _arrivedBefore;
    private long _doneBefore;
    private double _busyBefore;
    private double _arrivals = double.NaN;
    private double _rate;
    private double _busy;

    /// <summary>Takes in how things stand.</summary>
    /// <param name="at">Seconds from anywhere.</param>
    /// <param name="arrived">Messages that have come to its partitions, from anywhere.</param>
    /// <param name="done">Messages it has done.</param>
    /// <param name="busySeconds">Seconds in which all its places were busy: half of them for two seconds count as one.</param>
    /// <param name="behind">Messages in its partitions that are not done.</param>
    /// <param name="own">Its partitions.</param>
    /// <param name="all">The topic's partitions.</param>
    /// <returns>1 to <paramref name="all"/>; null: not known yet, or it has no partitions.</returns>
    public int? Observe(double at, long arrived, long done, double busySeconds, long behind, int own, int all)
    {
        double elapsed = at - _since;
        if (double.IsFinite(elapsed) && elapsed > 0)
        {
            double weight = double.IsNaN(_arrivals) ? 1 : 1 - Math.Exp(-elapsed / Window);
            _arrivals = Average(_arrivals, Math.Max(0, arrived - _arrivedBefore) / elapsed, weight);
            _rate = Average(_rate, (done - _doneBefore) / elapsed, weight);
            _busy = Average(_busy, Math.Clamp((busySeconds - _busyBefore) / elapsed, 0, 1), weight);
        }

        (_since, _arrivedBefore, _doneBefore, _busyBefore) = (at, arrived, done, busySeconds);
        if (own == 0 || all == 0 || double.IsNaN(_arrivals))
        {
            return null;
        }

        double wanted = _arrivals + (behind / catchUp.TotalSeconds);
        if (wanted <= 0)
        {
            return 1;
        }

        // Busy and nothing done: it stands, and nothing says that others would do better than all of them.
        double most = _busy > 0 ? _rate / _busy : 0;
        return most <= 0 ? (_busy > 0 ? all : null) : (int)Math.Clamp(Math.Ceiling((wanted / most * all / own) - 1e-9), 1, all);
    }

    /// <summary>Begins again: other partitions are other numbers.</summary>
    public void Reset()
    {
        _since = double.NaN;
        _arrivals = double.NaN;
        (_rate, _busy) = (0, 0);
    }

    private static double Average(double before, double now, double weight) => weight >= 1 ? now : before + ((now - before) * weight);
}
