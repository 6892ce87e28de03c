namespace Backpressure;

/// <summary>Facts about <see cref="Priority"/>.</summary>
internal static class Priorities
{
    public const int Count = 4;

    /// <summary>All, the highest first.</summary>
    public static readonly Priority[] All = Enum.GetValues<Priority>();

    /// <summary>The tag value of a priority.</summary>
    public static string Tag(this Priority priority) => priority switch
    {
        Priority.Critical => "critical",
        Priority.High => "high",
        Priority.Normal => "normal",
        Priority.Low => "low",
        _ => throw new ArgumentOutOfRangeException(nameof(priority), priority, "Not a priority."),
    };

    public static bool IsDefined(this Priority priority) => (uint)priority < Count;
}
