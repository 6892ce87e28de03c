namespace Backpressure.AspNetCore.Dashboard;

/// <summary>What pages are sent in one second, written once for all of them.</summary>
/// <param name="Number">Of this frame.</param>
/// <param name="Snapshot">The event with the state.</param>
/// <param name="ChangesNumber">Of the last change of state.</param>
/// <param name="Changes">The event with the last changes of state.</param>
/// <param name="ConfigurationNumber">Of the configuration in force.</param>
/// <param name="Configuration">The event with it.</param>
internal sealed record FeedFrame(
    long Number, byte[] Snapshot, long ChangesNumber, byte[] Changes, long ConfigurationNumber, byte[] Configuration)
{
    /// <summary>What one has not seen yet. It gets the newest of each, never what came between.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Since(ref FeedPosition seen)
    {
        FeedPosition before = seen;
        seen = new FeedPosition(Number, ChangesNumber, ConfigurationNumber);
        return Parts(before);
    }

    private IEnumerable<ReadOnlyMemory<byte>> Parts(FeedPosition seen)
    {
        if (seen.Configuration != ConfigurationNumber)
        {
            yield return Configuration;
        }

        if (seen.Changes != ChangesNumber)
        {
            yield return Changes;
        }

        if (seen.Frame != Number)
        {
            yield return Snapshot;
        }
    }
}

/// <summary>How much one page has been sent.</summary>
/// <param name="Frame">The last frame.</param>
/// <param name="Changes">The last change of state.</param>
/// <param name="Configuration">The last configuration.</param>
internal readonly record struct FeedPosition(long Frame, long Changes, long Configuration);
