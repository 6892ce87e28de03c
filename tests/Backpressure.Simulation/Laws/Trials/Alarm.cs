using Backpressure.Measurement;

namespace Backpressure.Simulation.Laws.Trials;

/// <summary>
/// Tells that something has changed, not what: the stretch stands far above what it was. The laws on trial then look from
/// far below, where capacity that has gone and latency that has grown do not look alike; small steps would take too long.
/// </summary>
/// <param name="Usual">ln stretch, smoothed; NaN: not known.</param>
/// <param name="UsualInFlight">ln n, smoothed.</param>
/// <param name="Waited">Whether the alarm was put off once, for latencies to catch up with the stretch.</param>
internal readonly record struct Alarm(double Usual, double UsualInFlight, bool Waited)
{
    /// <summary>Of what is in flight, for one window.</summary>
    public const double Depth = 0.55;

    // In ln stretch; and standard errors besides.
    private const double Jump = 0.4;
    private const double Certain = 2.5;

    // Of a window in what is usual.
    private const double Weight = 0.2;

    // Beyond the knee the stretch grows with what is in flight, and with contention faster.
    private const double OwnDoing = 1.6;

    // Latencies lag so far behind the stretch only while something is changing.
    private const double Steady = 0.7;

    public static Alarm None => new(double.NaN, 0, false);

    /// <summary>Learns what is usual, and judges nothing.</summary>
    public Alarm Seen(in WindowSummary window)
    {
        double stretch = Math.Log(window.Stretch);
        double inFlight = Math.Log(Math.Max(1, window.MeanInFlight));
        return double.IsNaN(Usual)
            ? new Alarm(stretch, inFlight, false)
            : new Alarm(Usual + (Weight * (stretch - Usual)), UsualInFlight + (Weight * (inFlight - UsualInFlight)), false);
    }

    /// <returns>Whether to look from below now, or in this window only to wait.</returns>
    public (Alarm Next, bool Look, bool Wait) With(in WindowSummary window)
    {
        double stretch = Math.Log(window.Stretch);
        double inFlight = Math.Log(window.MeanInFlight);
        if (double.IsNaN(Usual))
        {
            return (Seen(window), false, false);
        }

        // What more in flight did to it is no news.
        double own = OwnDoing * Math.Max(0, inFlight - UsualInFlight);
        if (stretch - Usual < own + Jump + (Certain * window.StretchNoise))
        {
            return (Seen(window), false, false);
        }

        // A mixture of before and after is no point to judge a look from.
        bool young = window.LatencyStretch < Steady * window.Stretch && !Waited;
        return young ? (this with { Waited = true }, false, true) : (None, true, false);
    }
}
