namespace Backpressure.AspNetCore;

/// <summary>
/// Exempts an endpoint: its requests are counted apart and never held back. A later
/// <see cref="BackpressureAttribute"/> on the same endpoint takes it back.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class DisableBackpressureAttribute : Attribute;
