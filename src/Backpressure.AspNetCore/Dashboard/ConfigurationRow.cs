namespace Backpressure.AspNetCore.Dashboard;

/// <summary>One key of the configuration in force.</summary>
/// <param name="Key">Its path below the section.</param>
/// <param name="Value">Its value, as it would be written.</param>
/// <param name="Origin">Where that comes from: a file, the environment, code, or the default.</param>
internal sealed record ConfigurationRow(string Key, string Value, string Origin);
