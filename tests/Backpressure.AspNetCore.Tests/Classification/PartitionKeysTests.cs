using System.Net;
using System.Security.Claims;
using Backpressure.AspNetCore.Classification;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore.Tests.Classification;

public sealed class PartitionKeysTests
{
    [Theory]
    [InlineData("192.0.2.1", "address:192.0.2.1")]
    [InlineData("::ffff:192.0.2.1", "address:192.0.2.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff::1", "address:2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:3::1", "address:2001:db8:1:3::/64")]
    public void AddressOf_GroupsAsOneSubscriberWould(string address, string expected)
        => Assert.Equal(expected, PartitionKeys.AddressOf(IPAddress.Parse(address)));

    [Fact]
    public void Of_EveryKindWithoutItsThing_FallsBackToTheAddress()
    {
        foreach (PartitionKind kind in Enum.GetValues<PartitionKind>().Where(kind => kind != PartitionKind.None))
        {
            Assert.Equal("address:192.0.2.1", PartitionKeys.Of(Context(), new PartitionSettings(kind, "thing")));
        }

        Assert.Null(PartitionKeys.Of(Context(), new PartitionSettings(PartitionKind.None, null)));
    }

    [Fact]
    public void Of_TheSameTextByDifferentKinds_NeverMeets()
    {
        const string Text = "192.0.2.1";
        DefaultHttpContext context = Context();
        context.Request.Headers["thing"] = Text;
        context.Request.RouteValues["thing"] = Text;
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("thing", Text), new Claim(ClaimTypes.NameIdentifier, Text)], "test"));

        string?[] keys = [.. Enum.GetValues<PartitionKind>().Select(kind => PartitionKeys.Of(context, new PartitionSettings(kind, "thing"))), PartitionKeys.OfCode(Text)];

        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void Of_LongHeader_IsBoundedAndStillTellsClientsApart()
    {
        var header = new PartitionSettings(PartitionKind.Header, "X-Api-Key");
        DefaultHttpContext one = Context();
        one.Request.Headers["X-Api-Key"] = new string('k', 5000) + "1";
        DefaultHttpContext other = Context();
        other.Request.Headers["X-Api-Key"] = new string('k', 5000) + "2";

        string key = PartitionKeys.Of(one, header)!;

        Assert.True(key.Length <= PartitionKeys.MaxLength + 8);
        Assert.NotEqual(key, PartitionKeys.Of(other, header));
        Assert.Equal(key, PartitionKeys.Of(one, header));

        // Nor can somebody send the digest itself.
        DefaultHttpContext forger = Context();
        forger.Request.Headers["X-Api-Key"] = key["header#".Length..];
        Assert.NotEqual(key, PartitionKeys.Of(forger, header));
    }

    [Fact]
    public void Of_UserWhoIsNotAuthenticated_IsAnAddress()
    {
        DefaultHttpContext context = Context();
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, "alice")]));

        Assert.Equal("address:192.0.2.1", PartitionKeys.Of(context, new PartitionSettings(PartitionKind.User, null)));
    }

    [Theory]
    [InlineData(ClaimTypes.NameIdentifier)]
    [InlineData("sub")]
    [InlineData(ClaimTypes.Name)]
    public void Of_User_IsItsIdentifierOrName(string claim)
    {
        DefaultHttpContext context = Context();
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(claim, "alice")], "test"));

        Assert.Equal("user:alice", PartitionKeys.Of(context, new PartitionSettings(PartitionKind.User, null)));
    }

    [Fact]
    public void HashOf_TellsApartWhatKeysTellApart()
    {
        DefaultHttpContext[] contexts =
        [
            Context(), From("::ffff:192.0.2.1"), From("192.0.2.2"), From("2001:db8:1:2::5"), From("2001:db8:1:2:ffff::1"), From("2001:db8:1:3::1"),
            new DefaultHttpContext(), Of("alice"), Of("bob"), Of("192.0.2.1"),
        ];
        (string? Key, ulong Hash)[] all =
        [
            .. from context in contexts
               from kind in Enum.GetValues<PartitionKind>()
               let partition = new PartitionSettings(kind, "thing")
               select (PartitionKeys.Of(context, partition), PartitionKeys.HashOf(context, partition)),
        ];

        foreach ((string? key, ulong hash) in all)
        {
            Assert.All(all, other => Assert.Equal(other.Key == key, other.Hash == hash));
            Assert.Equal(key is null, hash == 0);
        }

        static DefaultHttpContext Of(string name)
        {
            DefaultHttpContext context = Context();
            context.Request.Headers["thing"] = name;
            context.Request.RouteValues["thing"] = name;
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("thing", name), new Claim("sub", name)], "test"));
            return context;
        }
    }

    [Fact]
    public void HashOf_AnAddressAHeaderOrARoute_AllocatesNothing()
    {
        DefaultHttpContext context = From("2001:db8:1:2::5");
        context.Request.Headers["thing"] = "alice";
        context.Request.RouteValues["thing"] = "alice";
        PartitionSettings[] kinds = [new(PartitionKind.Address, null), new(PartitionKind.Header, "thing"), new(PartitionKind.Route, "thing")];
        long allocated = long.MaxValue;
        for (int i = 0; i < 50; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (PartitionSettings kind in kinds)
            {
                PartitionKeys.HashOf(context, kind);
            }

            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, allocated);
    }

    private static DefaultHttpContext From(string address)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return context;
    }

    private static DefaultHttpContext Context()
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.1");
        return context;
    }
}
