using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Tests.Configuration;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("Chekout", "Checkout")] // a letter left out
    [InlineData("Checkkout", "Checkout")] // one too many
    [InlineData("Chekcout", "Checkout")] // two swapped
    [InlineData("CHECKOUT", "Checkout")] // the case alone
    [InlineData("Analitycs", "Analytics")]
    [InlineData("Search", null)] // nothing near
    [InlineData("A", null)] // nothing is near what would be replaced as a whole
    public void Find_GivesWhatWasMeant(string written, string? meant) =>
        Assert.Equal(meant, NearestName.Find(written, ["Analytics", "Checkout", "Default", "B"]));
}
