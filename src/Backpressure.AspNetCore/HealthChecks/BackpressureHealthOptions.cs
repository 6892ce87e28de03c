namespace Backpressure.AspNetCore;

/// <summary>
/// When the readiness check of <c>AddHealthChecks().AddBackpressure()</c> says <c>Degraded</c> and <c>Unhealthy</c>. Read once, when
/// it is added; all that is wrong is reported then, together.
/// </summary>
/// <remarks>
/// Replicas that are overloaded together must not leave together: what they refused would land on those that are left. So each may
/// be unready only in time slots that it has drawn by lot beforehand, of <see cref="MaxUnready"/> each and together
/// <see cref="MaxUnreadyShare"/> of its time. It needs no clock and no word between replicas, and gives this floor: however overloaded,
/// each of them is unready with at most that probability at any moment, independently of all others.
/// </remarks>
public sealed class BackpressureHealthOptions
{
    /// <summary>
    /// <c>Degraded</c> from so many waiting requests for each unit of a downstream's limit on: at 1 a newcomer waits for about one
    /// service time. Over again below half of it. Above zero, at most 1000; default 1.
    /// </summary>
    public double LongQueue { get; set; } = 1;

    /// <summary>
    /// <c>Unhealthy</c> when at least this share of the <see cref="Priority.Critical"/> requests that were decided in
    /// <see cref="Window"/> was refused for want of capacity, and at least five were. Above zero, at most 1; default 0.05.
    /// </summary>
    public double CriticalShare { get; set; } = 0.05;

    /// <summary>
    /// How far back it looks, and how long no <see cref="Priority.Critical"/> request may have been refused before it is ready
    /// again. 1 s to 10 minutes; default 10 s.
    /// </summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest that it is unready at a stretch; at least as long it is ready then. 1 s to 10 minutes; default 15 s.</summary>
    public TimeSpan MaxUnready { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The share of its time in which it may be unready. 0 (never: it is <c>Degraded</c> instead) to 0.5; default 0.25: of three
    /// replicas that all refuse <see cref="Priority.Critical"/> requests, all are unready for 1.6 % of the time (0.25³), and
    /// three quarters are ready on average.
    /// </summary>
    public double MaxUnreadyShare { get; set; } = 0.25;

    /// <exception cref="BackpressureOptionsException">With every error there is.</exception>
    internal void Validate(string check)
    {
        var errors = new List<string>();
        Require(LongQueue is > 0 and <= 1000, nameof(LongQueue), LongQueue, "above 0, at most 1000");
        Require(CriticalShare is > 0 and <= 1, nameof(CriticalShare), CriticalShare, "above 0, at most 1");
        RequireTime(Window, nameof(Window));
        RequireTime(MaxUnready, nameof(MaxUnready));
        Require(MaxUnreadyShare is >= 0 and <= 0.5, nameof(MaxUnreadyShare), MaxUnreadyShare, "from 0 (never unready) to 0.5");
        if (errors.Count > 0)
        {
            throw new BackpressureOptionsException(errors);
        }

        void RequireTime(TimeSpan value, string name) =>
            Require(value >= TimeSpan.FromSeconds(1) && value <= TimeSpan.FromMinutes(10), name, value, "from 00:00:01 to 00:10:00");

        void Require(bool valid, string name, IFormattable value, string bound)
        {
            if (!valid)
            {
                errors.Add(FormattableString.Invariant($"{nameof(BackpressureHealthOptions)}.{name} ({value}) of the health check '{check}' must be {bound}. Set it there, or leave it out for its default."));
            }
        }
    }
}
