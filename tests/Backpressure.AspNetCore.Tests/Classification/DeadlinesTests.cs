using Backpressure.AspNetCore.Classification;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore.Tests.Classification;

public sealed class DeadlinesTests
{
    private static readonly DeadlineSettings Settings = SettingsFactory.Build(new BackpressureOptions()).Deadline;

    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("1M", 60_000)]
    [InlineData("2S", 2_000)]
    [InlineData("100m", 100)]
    [InlineData("100u", 0.1)]
    [InlineData("100n", 0.0001)]
    [InlineData("0m", 0)]
    [InlineData("99999999H", 359_999_996_400_000)]
    public void ParseGrpcTimeout_ReadsEveryUnit(string value, double milliseconds)
        => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Deadlines.ParseGrpcTimeout(value));

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("5")]
    [InlineData("5s")]
    [InlineData("5 S")]
    [InlineData("-5S")]
    [InlineData("+5S")]
    [InlineData("5.5S")]
    [InlineData("123456789S")]
    [InlineData("٣S")]
    public void ParseGrpcTimeout_Malformed_IsNothing(string value)
        => Assert.Null(Deadlines.ParseGrpcTimeout(value));

    [Theory]
    [InlineData("250", 250)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("1.5", null)]
    [InlineData("soon", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("", null)]
    public void ParseMilliseconds_ReadsDigitsOnly(string value, int? milliseconds)
        => Assert.Equal(milliseconds is { } number ? TimeSpan.FromMilliseconds(number) : null, Deadlines.ParseMilliseconds(value));

    [Fact]
    public void Read_BothHeaders_TakesTheShorter()
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["grpc-timeout"] = "2S";
        context.Request.Headers["x-envoy-expected-rq-timeout-ms"] = "300";

        Assert.Equal(TimeSpan.FromMilliseconds(300), Deadlines.Read(context.Request.Headers, Settings));
    }

    [Fact]
    public void Read_NoHeader_IsForEver()
        => Assert.Null(Deadlines.Read(new DefaultHttpContext().Request.Headers, Settings));

    [Fact]
    public void Read_HeadersSwitchedOff_AreNotRead()
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["grpc-timeout"] = "2S";

        Assert.Null(Deadlines.Read(context.Request.Headers, new DeadlineSettings { GrpcTimeoutHeader = "", MillisecondsHeader = "" }));
    }
}
