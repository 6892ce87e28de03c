using Backpressure.AspNetCore.Classification;
using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore.Tests.Classification;

public sealed class EndpointChoiceTests
{
    [Fact]
    public void Of_DisableThenRequire_IsRequired()
    {
        EndpointChoice choice = Of(new DisableBackpressureAttribute(), new BackpressureAttribute("Checkout"));

        Assert.False(choice.Disabled);
        Assert.Equal("Checkout", choice.Policy);
    }

    [Fact]
    public void Of_RequireThenDisable_IsDisabled()
    {
        EndpointChoice choice = Of(new BackpressureAttribute("Checkout"), new DisableBackpressureAttribute());

        Assert.True(choice.Disabled);
        Assert.Null(choice.Policy);
    }

    [Fact]
    public void Of_SeveralPolicies_TakesTheLast()
        => Assert.Equal("Two", Of(new BackpressureAttribute("One"), new BackpressureAttribute("Two")).Policy);

    [Fact]
    public void Of_RequireWithoutName_LeavesThePolicyToConfiguration()
    {
        EndpointChoice choice = Of(new DisableBackpressureAttribute(), new BackpressureAttribute());

        Assert.False(choice.Disabled);
        Assert.Null(choice.Policy);
    }

    [Fact]
    public void Of_Priority_LeavesThePolicyAsItIs()
    {
        EndpointChoice choice = Of(
            new RequestPriorityAttribute(Priority.Low), new BackpressureAttribute("Checkout"), new RequestPriorityAttribute(Priority.Critical));

        Assert.Equal("Checkout", choice.Policy);
        Assert.Equal(Priority.Critical, choice.Priority);
    }

    [Fact]
    public void Of_NoMetadata_SaysNothing()
        => Assert.False(Of().SaysSomething);

    [Fact]
    public void Of_HealthChecks_SaysSomething()
        => Assert.True(EndpointChoice.Of(new Endpoint(null, null, "Health checks")).SaysSomething);

    [Fact]
    public void RequestPriority_OfANumberThatIsNone_NamesTheFour()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new RequestPriorityAttribute((Priority)7));

        Assert.Contains("Critical, High, Normal, Low", error.Message, StringComparison.Ordinal);
    }

    private static EndpointChoice Of(params object[] metadata)
        => EndpointChoice.Of(new Endpoint(null, new EndpointMetadataCollection(metadata), "test"));
}
