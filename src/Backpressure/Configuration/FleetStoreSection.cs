namespace Backpressure.Configuration;

/// <summary>
/// Says that a package has registered a store for the limits that a fleet shares, and where it is configured. The engine
/// knows of it only this, so that the errors of both are told together.
/// </summary>
/// <param name="Key">The key below the root that the package reads itself; null: it is configured by code.</param>
/// <param name="Validate">Finds what is wrong with its options.</param>
internal sealed record FleetStoreSection(string? Key, Action<OptionsErrors> Validate);
