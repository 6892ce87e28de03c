using System.Net;
using System.Security.Claims;
using Backpressure.AspNetCore.Classification;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Backpressure.AspNetCore.Tests.Classification;

public sealed class PriorityHeadersTests
{
    private static readonly PriorityHeaderSettings Everything = new()
    {
        Lower = true,
        Name = "Backpressure-Priority",
        KnownIPNetworks = [System.Net.IPNetwork.Parse("10.0.0.0/8"), System.Net.IPNetwork.Parse("2001:db8::/32")],
        ClaimType = "role",
        ClaimValue = "gateway",
    };

    [Theory]
    [InlineData("u=0", 0)]
    [InlineData("u=7", 7)]
    [InlineData("u=5, i", 5)]
    [InlineData("i, u=4", 4)]
    [InlineData("i,\tu=6;x=1", 6)]
    [InlineData("u=2, u=6", 6)]
    [InlineData("u=8", null)]
    [InlineData("u=-1", null)]
    [InlineData("u=5.0", null)]
    [InlineData("u=55", null)]
    [InlineData("u=\"5\"", null)]
    [InlineData("u", null)]
    [InlineData("u=6, u=9", null)]
    [InlineData("U=6", null)]
    [InlineData("i", null)]
    [InlineData("", null)]
    [InlineData(",,;=,u", null)]
    [InlineData("7", null)]
    public void UrgencyOf_ReadsTheMemberOrNothing(string field, int? expected)
        => Assert.Equal(expected, PriorityHeaders.UrgencyOf(field));

    [Fact]
    public void Lower_OverEveryPriorityAndUrgency_NeverRaises()
    {
        foreach (Priority priority in Enum.GetValues<Priority>())
        {
            for (int urgency = 0; urgency <= 7; urgency++)
            {
                Priority lowered = PriorityHeaders.Lower(priority, urgency) ?? priority;
                Priority expected = urgency switch
                {
                    <= 3 => priority,
                    <= 5 => (Priority)Math.Min((int)priority + 1, 3),
                    _ => Priority.Low,
                };
                Assert.Equal(expected, lowered);
                Assert.True(lowered >= priority);
            }
        }
    }

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("2001:db8::1", true)]
    [InlineData("11.1.2.3", false)]
    [InlineData("2001:db9::1", false)]
    public void Read_RaisingHeader_IsBelievedFromKnownNetworksOnly(string address, bool believed)
    {
        HttpContext context = Context(address, ("Backpressure-Priority", "critical"));

        Assert.Equal(believed ? Priority.Critical : null, PriorityHeaders.Read(context, Everything, Priority.Low));
    }

    [Theory]
    [InlineData("gateway", true, true)]
    [InlineData("gateway", false, false)]
    [InlineData("user", true, false)]
    public void Read_RaisingHeader_IsBelievedWithTheClaimOfSomebodyAuthenticated(string role, bool authenticated, bool believed)
    {
        HttpContext context = Context("192.0.2.1", ("Backpressure-Priority", "High"));
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("role", role)], authenticated ? "test" : null));

        Assert.Equal(believed ? Priority.High : null, PriorityHeaders.Read(context, Everything, Priority.Low));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("Urgent")]
    [InlineData("Critical, Low")]
    [InlineData("")]
    public void Read_MalformedRaisingHeader_IsIgnored(string value)
        => Assert.Null(PriorityHeaders.Read(Context("10.0.0.1", ("Backpressure-Priority", value)), Everything, Priority.Normal));

    [Fact]
    public void Read_RaisingHeaderGivenTwice_IsIgnored()
    {
        HttpContext context = Context("10.0.0.1");
        context.Request.Headers["Backpressure-Priority"] = new StringValues(["Critical", "Low"]);

        Assert.Null(PriorityHeaders.Read(context, Everything, Priority.Normal));
    }

    [Fact]
    public void Read_ByDefault_BelievesNobody()
    {
        PriorityHeaderSettings settings = SettingsFactory.Build(new BackpressureOptions()).PriorityHeader;
        HttpContext context = Context("127.0.0.1", ("Backpressure-Priority", "Critical"), ("Priority", "u=7"));

        Assert.Null(PriorityHeaders.Read(context, settings, Priority.Normal));
    }

    [Fact]
    public void Read_LoweringHeader_CountsFromAnybody()
        => Assert.Equal(Priority.Low, PriorityHeaders.Read(Context("192.0.2.1", ("Priority", "u=7")), Everything, Priority.Critical));

    [Fact]
    public void Read_RaisingHeaderFromAStranger_LeavesTheLoweringOne()
        => Assert.Equal(
            Priority.Normal,
            PriorityHeaders.Read(Context("192.0.2.1", ("Backpressure-Priority", "Critical"), ("Priority", "u=4")), Everything, Priority.High));

    private static DefaultHttpContext Context(string address, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        foreach ((string name, string value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        return context;
    }
}
