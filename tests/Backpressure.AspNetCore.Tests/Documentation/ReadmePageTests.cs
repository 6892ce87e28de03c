using System.Globalization;
using System.Reflection;

namespace Backpressure.AspNetCore.Tests.Documentation;

public sealed class ReadmePageTests
{
    [Fact]
    public void PageOptionTable_HasEveryOptionWithItsDefaultAndBounds()
    {
        Dictionary<string, string[]> rows = Readme.Read().Table("page option").ToDictionary(row => Readme.Code(row[0])[0]);
        PropertyInfo[] options = typeof(BackpressureDashboardOptions).GetProperties();
        var initial = new BackpressureDashboardOptions();

        Assert.Equal(options.Select(static option => option.Name).Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        Assert.All(options, option => Assert.Equal(
            Convert.ToString(option.GetValue(initial), CultureInfo.InvariantCulture), Readme.Code(rows[option.Name][2])[0], ignoreCase: true));
        Assert.Equal($"0 to {BackpressureDashboardOptions.MostPartitions}", rows[nameof(BackpressureDashboardOptions.Partitions)][1]);
        Assert.Equal($"1 to {BackpressureDashboardOptions.MostPages}", rows[nameof(BackpressureDashboardOptions.MaxPages)][1]);
    }
}
