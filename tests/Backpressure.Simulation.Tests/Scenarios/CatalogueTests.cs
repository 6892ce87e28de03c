using Backpressure.Simulation.Scenarios;
using Xunit;

namespace Backpressure.Simulation.Tests.Scenarios;

public sealed class CatalogueTests
{
    // A row is known by its scenario's number and its figure's name, also in the file that later runs are compared with.
    [Fact]
    public void Figures_OfOneNumber_HaveNamesOfTheirOwn() =>
        Assert.Empty(
            Catalogue.All.SelectMany(s => s.Figures.Select(f => (s.Number, Name: f.Name.Trim())))
                .GroupBy(f => f).Where(g => g.Count() > 1).Select(g => g.Key));
}
