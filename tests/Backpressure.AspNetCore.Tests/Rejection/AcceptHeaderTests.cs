using Backpressure.AspNetCore.Rejection;
using Microsoft.Extensions.Primitives;

namespace Backpressure.AspNetCore.Tests.Rejection;

public sealed class AcceptHeaderTests
{
    [Theory]
    [InlineData("", "Problem")]
    [InlineData("*/*", "Problem")]
    [InlineData("application/json", "Problem")]
    [InlineData("Application/Problem+JSON;q=0.1", "Problem")]
    [InlineData("application/*", "Problem")]
    [InlineData("text/html, application/xhtml+xml, */*;q=0.8", "Problem")]
    [InlineData("text/plain", "Text")]
    [InlineData("text/*;q=0.5, image/png", "Text")]
    [InlineData("text/plain, application/json;q=0", "Text")]
    [InlineData("text/plain;q=0.000, */*;q=0", "None")]
    [InlineData("image/png", "None")]
    [InlineData(";;,,=", "None")]
    public void KindFor_IsWhatTheClientReads(string accept, string expected)
        => Assert.Equal(expected, AcceptHeader.KindFor(accept).ToString());

    [Fact]
    public void KindFor_NoHeader_IsProblemDetails()
        => Assert.Equal(BodyKind.Problem, AcceptHeader.KindFor(StringValues.Empty));
}
