using Backpressure.Configuration;
using Microsoft.Extensions.Configuration;

namespace Backpressure.AspNetCore.Tests.Documentation;

internal static class Stores
{
    /// <summary>What a package registers that a configuration has a store of, for limits that a fleet shares; null where it has none.</summary>
    public static FleetStoreSection? Of(IConfigurationSection section) =>
        section.GetSection("Redis").Exists() ? new FleetStoreSection("Redis", static _ => { }) : null;
}
