using System.Diagnostics.CodeAnalysis;

namespace Backpressure.Deploy.Tests.Prometheus;

[CollectionDefinition(Name)]
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "xunit calls it so.")]
public sealed class ObservedCollection : ICollectionFixture<Observed>
{
    public const string Name = "observed";
}
