using Microsoft.Extensions.Configuration;

namespace Backpressure.Http.Configuration;

/// <summary>A section that one client's options come from.</summary>
internal sealed record ClientSection(string Client, IConfiguration Section);
