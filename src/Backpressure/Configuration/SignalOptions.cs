namespace Backpressure;

/// <summary>
/// A live reading (processor, memory, thread pool, an instrument of any library, one's own) that lowers the limits of the
/// downstreams which name it in <see cref="DownstreamOptions.Signals"/>, and never raises them.
/// </summary>
/// <remarks>
/// Between <see cref="Soft"/> and <see cref="Hard"/> the limit goes down in proportion, at <see cref="Hard"/> to its minimum. With several
/// signals at one downstream the strongest counts. Rises are followed at once; the way back takes a second from end to end,
/// and changes below a fiftieth are not followed, so that it does not flap.
/// </remarks>
public sealed class SignalOptions
{
    /// <summary>What is read. Default <see cref="SignalKind.Instrument"/>.</summary>
    public SignalKind Kind { get; set; }

    /// <summary>Instrument: the name of its meter, such as <c>Npgsql</c>. Required there, refused elsewhere.</summary>
    public string? Meter { get; set; }

    /// <summary>
    /// Instrument: its name, such as <c>db.client.connection.npgsql.pending_requests</c>. Required there, refused elsewhere. An up-down
    /// counter tells only of changes, which are summed from the shedder's start: what it had before is not known.
    /// </summary>
    public string? Instrument { get; set; }

    /// <summary>Instrument: only measurements whose tags have all of these values. Default none: all of its measurements.</summary>
    public IDictionary<string, string> Tags { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Instrument: how its series (one for each combination of tags) become one value. Default <see cref="SignalAggregation.Sum"/>.</summary>
    public SignalAggregation? Aggregation { get; set; }

    /// <summary>
    /// Where it begins to lower the limit, in the reading's own unit. Required for <see cref="SignalKind.Instrument"/> and
    /// <see cref="SignalKind.Custom"/>; otherwise the default of its <see cref="Kind"/>.
    /// </summary>
    public double? Soft { get; set; }

    /// <summary>
    /// Where the limit is down to its minimum (1 for a fixed limit). Below <see cref="Soft"/> where less is worse, such as free connections;
    /// never equal to it. Required and by default as <see cref="Soft"/>.
    /// </summary>
    public double? Hard { get; set; }

    /// <summary>
    /// The time constant of an exponential average over the readings. 0 to 10 minutes; default 1 s for <see cref="SignalKind.Cpu"/>
    /// and <see cref="SignalKind.GarbageCollection"/>, otherwise none.
    /// </summary>
    public TimeSpan? Smoothing { get; set; }

    /// <summary>
    /// After how long without a reading it no longer counts, which is logged and measured. 1 s to 10 minutes; default 10 s.
    /// Instruments that tell only of changes (counters, up-down counters, gauges) do not go stale once they have told.
    /// </summary>
    public TimeSpan? StaleAfter { get; set; }
}
