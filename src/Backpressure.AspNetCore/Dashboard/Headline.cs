using System.Globalization;
using Backpressure.Configuration;
using Backpressure.Observability;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>The first thing that an operator reads: what is shed, why, since when, and what to do. A function of what was seen.</summary>
/// <param name="State">How bad it is; the worst first.</param>
/// <param name="Title">What happens, in one line.</param>
/// <param name="Why">The figures behind.</param>
/// <param name="Do">What to look at or change.</param>
/// <param name="Gate">Where; empty: nowhere in particular.</param>
/// <param name="Since">Since when; null: not known, or nothing happens.</param>
internal sealed record Headline(HeadlineState State, string Title, string Why, string Do, string Gate, DateTimeOffset? Since)
{
    /// <summary>The headlines of all gates that have something to say, the worst first; one in any case.</summary>
    /// <param name="snapshot">The state now.</param>
    /// <param name="meanOf">A gate's row, averaged over the last seconds.</param>
    public static IReadOnlyList<Headline> Of(ShedderSnapshot snapshot, Func<string, float[]> meanOf)
    {
        if (snapshot.ShuttingDown)
        {
            return [new(HeadlineState.Stopping, "Shutting down", "Newcomers are refused; what runs, and what must not be lost, is finished.", "Nothing: this is how a host stops.", "", null)];
        }

        if (snapshot.Settings.Mode == BackpressureMode.Off)
        {
            return [new(HeadlineState.Off, "Off: everything passes", "Mode is Off, so nothing is held back and nothing is protected.", "Set Mode to Enforce when the reason for that is gone.", "", null)];
        }

        Headline[] all =
        [
            .. snapshot.Gates.Select(gate => GateHeadline.Of(gate, snapshot, meanOf(History.IdOf(gate)))).OfType<Headline>()
                .OrderByDescending(static headline => headline.State),
        ];
        return all.Length > 0 ? all : [Calm(snapshot)];
    }

    private static Headline Calm(ShedderSnapshot snapshot)
    {
        string downstreams = string.Join(", ", snapshot.Gates.Where(static gate => !gate.IsShadow).Select(static gate => string.Create(CultureInfo.InvariantCulture, $"{gate.Downstream} {gate.InFlight} of {gate.Limit}")));
        bool observed = snapshot.Settings.Mode == BackpressureMode.Observe;
        return new(
            observed ? HeadlineState.Observing : HeadlineState.Calm,
            observed ? "Observing: nothing would be refused" : "Nothing is refused and nobody waits",
            $"In flight: {downstreams}.",
            observed ? "Watch a day of real traffic; then set Mode to Enforce." : "Nothing.",
            "",
            null);
    }
}

/// <summary>How bad it is, from nothing to the worst.</summary>
internal enum HeadlineState
{
    Calm,
    Observing,
    Stopping,
    Off,
    RateLimited,
    Waiting,
    WouldShed,
    Shedding,

    /// <summary>What must not be lost is refused.</summary>
    Critical,
}
