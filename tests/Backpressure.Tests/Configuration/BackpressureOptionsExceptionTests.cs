using Xunit;

namespace Backpressure.Tests.Configuration;

public sealed class BackpressureOptionsExceptionTests
{
    [Fact]
    public void Message_ListsEveryErrorOnALineOfItsOwn()
    {
        var exception = new BackpressureOptionsException(["A (1) must be 2.", "B (3) must be 4."]);
        Assert.Equal(
            $"The configuration of Backpressure has 2 errors:{Environment.NewLine}- A (1) must be 2.{Environment.NewLine}- B (3) must be 4.", exception.Message);
        Assert.Equal(["A (1) must be 2.", "B (3) must be 4."], exception.Errors);
    }

    [Fact]
    public void Message_OfOneError_CountsNothing()
    {
        var cause = new InvalidOperationException();
        var exception = new BackpressureOptionsException("A (1) must be 2.", cause);
        Assert.Equal($"The configuration of Backpressure has an error:{Environment.NewLine}- A (1) must be 2.", exception.Message);
        Assert.Same(cause, exception.InnerException);
        Assert.Equal(["A (1) must be 2."], exception.Errors);
    }
}
