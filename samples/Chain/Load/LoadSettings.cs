namespace Chain.Load;

/// <summary>What the parent process tells the load process.</summary>
/// <param name="Edge">Edge's address.</param>
/// <param name="Seed">Equal seeds make equal arrivals.</param>
internal sealed record LoadSettings(Uri Edge, int Seed);
