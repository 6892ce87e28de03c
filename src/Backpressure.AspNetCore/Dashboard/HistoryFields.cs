using Backpressure.Observability;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>What is kept of a gate for each second, as columns of one row.</summary>
internal static class HistoryFields
{
    public const int Limit = 0;
    public const int InFlight = 1;

    /// <summary>From here by priority.</summary>
    public const int Waiting = 2;

    /// <summary>Milliseconds that a newcomer would wait, by priority.</summary>
    public const int Wait = Waiting + Priorities.Count;

    /// <summary>Let through a second, by priority.</summary>
    public const int Served = Wait + Priorities.Count;

    /// <summary>Refused a second, by priority; of a shadow: would have been.</summary>
    public const int Refused = Served + Priorities.Count;

    /// <summary>The same by reason.</summary>
    public const int Reasons = Refused + Priorities.Count;

    /// <summary>Every reason but none.</summary>
    public static readonly RejectionReason[] AllReasons = [.. DecisionCounters.AllReasons.Where(static reason => reason != RejectionReason.None)];

    public static readonly int Count = Reasons + AllReasons.Length;

    /// <summary>Their names, as the page knows them.</summary>
    public static readonly string[] Names =
    [
        "limit", "inFlight",
        .. ByPriority("waiting"), .. ByPriority("wait"), .. ByPriority("served"), .. ByPriority("refused"),
        .. AllReasons.Select(static reason => reason.Tag()),
    ];

    private static IEnumerable<string> ByPriority(string name) => Priorities.All.Select(priority => $"{name}.{priority.Tag()}");
}
