namespace Backpressure.AspNetCore.Dashboard;

/// <summary>One key of the options.</summary>
/// <param name="Key">Its path below the section.</param>
/// <param name="Value">Its value, as it would be written; what is left out as what that comes to.</param>
/// <param name="IsDefault">Whether it is as nobody had said anything.</param>
internal readonly record struct OptionRow(string Key, string Value, bool IsDefault);
