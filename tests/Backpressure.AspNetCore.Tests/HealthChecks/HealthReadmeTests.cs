using System.Globalization;
using System.Reflection;
using Backpressure.AspNetCore.Tests.Documentation;
using Backpressure.Configuration;

namespace Backpressure.AspNetCore.Tests.HealthChecks;

public sealed class HealthReadmeTests
{
    [Fact]
    public void HealthTable_HasEveryOptionWithItsDefault()
    {
        var defaults = new BackpressureHealthOptions();
        IEnumerable<string> options = typeof(BackpressureHealthOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(property => $"{property.Name}: {(property.GetValue(defaults) is TimeSpan time ? OptionsErrors.Show(time) : Convert.ToString(property.GetValue(defaults), CultureInfo.InvariantCulture))}");

        Assert.Equal(
            options.Order(StringComparer.Ordinal),
            Readme.Read().Table("health key").Select(static row => $"{Readme.Code(row[0])[0]}: {Readme.Code(row[2])[0]}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(3, "1.6 %")]
    [InlineData(5, "0.1 %")]
    public void HealthSection_SaysTheFloorRight(int replicas, string share)
    {
        double all = Math.Pow(new BackpressureHealthOptions().MaxUnreadyShare, replicas);

        Assert.Equal(share, string.Create(CultureInfo.InvariantCulture, $"{all * 100:0.0} %"));
        Assert.Contains($"{share} ", Repository.Read("README.md"), StringComparison.Ordinal);
    }
}
