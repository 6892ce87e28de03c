using System.Net;
using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Tests.Configuration;

public sealed class SettingsFactoryTests
{
    /// <summary>The example of the design.</summary>
    private const string FullExample = """
        {
          "Mode": "Enforce",                       // Enforce | Observe | Off
          "DefaultPolicy": "Default",
          "MaxConcurrentRequests": null,           // host-wide ceiling before all gates; null: none
          "Downstreams": {
            "Default":  { "Limit": { "Algorithm": "Adaptive", "Initial": 20, "Min": 4, "Max": 1000 },
                          "Queue": { "Capacity": null, "BlockCapacity": 1000, "MinShare": 0.05, "ProcessingOrder": "OldestFirst" } },
            "OrdersDb": { "Limit": { "Algorithm": "Fixed", "Value": 32 }, "Signals": [ "orders-pool" ] }
          },
          "Signals": {
            "orders-pool": { "Meter": "Npgsql", "Instrument": "db.client.connection.npgsql.pending_requests", "Soft": 5, "Hard": 50 },
            "cpu":         { "Kind": "Cpu", "Soft": 0.85, "Hard": 0.97 }
          },
          "Policies": {
            "Checkout":  { "Priority": "Critical", "Overflow": "Block", "MaxWait": "00:00:05", "Downstream": "OrdersDb" },
            "Analytics": { "Priority": "Low", "Overflow": "Shed", "MaxWait": "00:00:00.100", "RateLimit": "PerKey", "Mode": "Observe" },
            "Probe":     { "Exempt": true }
          },
          "Routes": {
            "checkout":  { "Match": { "Path": "/checkout/{**rest}", "Methods": [ "POST" ] }, "Policy": "Checkout" },
            "analytics": { "Match": { "Path": "/analytics/{**rest}" }, "Policy": "Analytics", "Order": 10 }
          },
          "RateLimits": {
            "PerKey": { "Algorithm": "TokenBucket", "PartitionBy": "Header:X-Api-Key", "TokenLimit": 200, "TokensPerPeriod": 100, "ReplenishmentPeriod": "00:00:01" }
          },
          "PriorityHeader": { "Lower": false, "KnownIPNetworks": [ "10.0.0.0/8" ] },
          "PartitionBy": "User"
        }
        """;

    [Fact]
    public void Build_TheFullExample_GivesWhatItSays()
    {
        var settings = SettingsFactory.Build(JsonConfiguration.Section(FullExample));

        Assert.Equal(BackpressureMode.Enforce, settings.Mode);
        Assert.Equal("Default", settings.DefaultPolicy.Name);
        Assert.Null(settings.MaxConcurrentRequests);
        Assert.Equal(
            new LimitSettings { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 4, Max = 1000 }, settings.Downstreams["Default"].Limit);
        Assert.Equal(new LimitSettings { Algorithm = LimitAlgorithm.Fixed, Initial = 32, Min = 32, Max = 32 }, settings.Downstreams["OrdersDb"].Limit);
        var perKey = new RateLimitSettings
        {
            Name = "PerKey",
            Algorithm = RateLimitAlgorithm.TokenBucket,
            PartitionBy = new PartitionSettings(PartitionKind.Header, "X-Api-Key"),
            Permits = 200,
            PermitsPerPeriod = 100,
            Period = TimeSpan.FromSeconds(1),
            SegmentsPerWindow = 1,
        };
        Assert.Equal(perKey, Assert.Single(settings.RateLimits).Value);
        Assert.Equal(
            new PolicySettings
            {
                Name = "Checkout",
                Priority = Priority.Critical,
                Overflow = Overflow.Block,
                MaxWait = TimeSpan.FromSeconds(5),
                Downstream = "OrdersDb",
                Mode = BackpressureMode.Enforce,
                HoldUntil = HoldUntil.HandlerEnd,
                Cost = 1,
                Credits = CreditGrant.Known,
                PartitionBy = new PartitionSettings(PartitionKind.User, null),
                Exempt = false,
            },
            settings.FindPolicy("checkout"));
        Assert.Equal(
            new PolicySettings
            {
                Name = "Analytics",
                Priority = Priority.Low,
                Overflow = Overflow.Shed,
                MaxWait = TimeSpan.FromMilliseconds(100),
                Downstream = "Default",
                RateLimit = perKey,
                Mode = BackpressureMode.Observe,
                HoldUntil = HoldUntil.HandlerEnd,
                Cost = 1,
                Credits = CreditGrant.Known,
                PartitionBy = new PartitionSettings(PartitionKind.User, null),
                Exempt = false,
            },
            settings.FindPolicy("Analytics"));
        Assert.True(settings.FindPolicy("Probe")!.Exempt);
        Assert.Equal(["Analytics", "Checkout", "Default", "Probe"], settings.Policies.Keys.Order());
        Assert.Equal(["checkout", "analytics"], settings.Routes.Select(route => route.Name));
        Assert.Equal(["POST"], settings.Routes[0].Methods);
        Assert.Equal("/checkout/{**rest}", settings.Routes[0].Path);
        Assert.Equal("Analytics", settings.Routes[1].Policy);
        Assert.Equal(10, settings.Routes[1].Order);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8")], settings.PriorityHeader.KnownIPNetworks);
        Assert.False(settings.PriorityHeader.Lower);
        Assert.Equal("Backpressure-Priority", settings.PriorityHeader.Name);
    }

    [Fact]
    public void Build_FromNothing_EnforcesTheDocumentedDefaults()
    {
        var settings = SettingsFactory.Build(new BackpressureOptions());

        Assert.Equal(BackpressureMode.Enforce, settings.Mode);
        var downstream = Assert.Single(settings.Downstreams).Value;
        Assert.Equal("Default", downstream.Name);
        Assert.Equal(new LimitSettings { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 4, Max = 1000 }, downstream.Limit);
        Assert.Equal(
            new QueueSettings { Capacity = null, BlockCapacity = 1000, MinShare = 0.01, ProcessingOrder = ProcessingOrder.OldestFirst }, downstream.Queue);
        Assert.Equal(10_000, downstream.MaxLongLived);
        Assert.Equal(
            new PolicySettings
            {
                Name = "Default",
                Priority = Priority.Normal,
                Overflow = Overflow.Shed,
                MaxWait = TimeSpan.FromMilliseconds(500),
                Downstream = "Default",
                Mode = BackpressureMode.Enforce,
                HoldUntil = HoldUntil.HandlerEnd,
                Cost = 1,
                PartitionBy = new PartitionSettings(PartitionKind.User, null),
                Exempt = false,
            },
            Assert.Single(settings.Policies).Value);
        Assert.Same(settings.Policies["Default"], settings.DefaultPolicy);
        Assert.Empty(settings.Routes);
        Assert.Empty(settings.RateLimits);
        Assert.Equal(new DeadlineSettings { GrpcTimeoutHeader = "grpc-timeout", MillisecondsHeader = "x-envoy-expected-rq-timeout-ms" }, settings.Deadline);
    }

    [Theory]
    [InlineData("""{ }""", 20)]
    [InlineData("""{ "Max": 8 }""", 8)]
    [InlineData("""{ "Min": 50 }""", 50)]
    [InlineData("""{ "Algorithm": "Aimd", "Initial": 5 }""", 5)]
    [InlineData("""{ "Algorithm": "Vegas", "Initial": 500 }""", 500)]
    [InlineData("""{ "Algorithm": "Gradient2", "Max": 8 }""", 8)]
    public void Build_WithoutInitial_StartsAtTwentyWithinMinAndMax(string limit, int initial)
    {
        var settings = SettingsFactory.Build(JsonConfiguration.Section($$"""{ "Downstreams": { "D": { "Limit": {{limit}} } } }"""));
        Assert.Equal(initial, settings.Downstreams["D"].Limit.Initial);
    }

    [Theory]
    [InlineData("Shed", 500)]
    [InlineData("Block", 30_000)]
    [InlineData("Reject", 0)]
    public void Build_WithoutMaxWait_TakesTheOverflowsOwn(string overflow, double milliseconds)
    {
        var settings = SettingsFactory.Build(JsonConfiguration.Section($$"""{ "Policies": { "P": { "Overflow": "{{overflow}}" } } }"""));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), settings.Policies["P"].MaxWait);
    }

    [Theory]
    [InlineData(BackpressureMode.Enforce, null, BackpressureMode.Enforce)]
    [InlineData(BackpressureMode.Enforce, BackpressureMode.Observe, BackpressureMode.Observe)]
    [InlineData(BackpressureMode.Enforce, BackpressureMode.Off, BackpressureMode.Off)]
    [InlineData(BackpressureMode.Observe, null, BackpressureMode.Observe)]
    [InlineData(BackpressureMode.Observe, BackpressureMode.Enforce, BackpressureMode.Observe)]
    [InlineData(BackpressureMode.Observe, BackpressureMode.Off, BackpressureMode.Off)]
    [InlineData(BackpressureMode.Off, null, BackpressureMode.Off)]
    [InlineData(BackpressureMode.Off, BackpressureMode.Enforce, BackpressureMode.Off)]
    [InlineData(BackpressureMode.Off, BackpressureMode.Observe, BackpressureMode.Off)]
    public void Build_ModeOfAPolicy_IsTheLesserOfItsOwnAndTheWholes(BackpressureMode whole, BackpressureMode? own, BackpressureMode expected)
    {
        var options = new BackpressureOptions { Mode = whole };
        options.Policies["P"] = new PolicyOptions { Mode = own };
        Assert.Equal(expected, SettingsFactory.Build(options).Policies["P"].Mode);
    }

    [Fact]
    public void Build_ReferencesInOtherCase_AreResolvedToTheDeclaredNames()
    {
        var settings = SettingsFactory.Build(JsonConfiguration.Section(
            """
            { "DefaultPolicy": "CHECKOUT",
              "Downstreams": { "OrdersDb": {} }, "RateLimits": { "PerKey": { "Algorithm": "Concurrency", "PermitLimit": 3 } },
              "Policies": { "Checkout": { "Downstream": "ordersdb", "RateLimit": "perkey" } },
              "Routes": { "r": { "Match": { "Path": "/", "Methods": [ "post" ] }, "Policy": "checkout" } } }
            """));
        Assert.Equal("Checkout", settings.DefaultPolicy.Name);
        Assert.Equal("OrdersDb", settings.DefaultPolicy.Downstream);
        Assert.Same(settings.RateLimits["PerKey"], settings.DefaultPolicy.RateLimit);
        Assert.Equal("Checkout", settings.Routes[0].Policy);
        Assert.Equal(["POST"], settings.Routes[0].Methods);
    }

    [Theory]
    [InlineData("""{ "TokenLimit": 9, "TokensPerPeriod": 3 }""", 9, 3, 1000, 1)]
    [InlineData("""{ "Algorithm": "FixedWindow", "PermitLimit": 9 }""", 9, 9, 1000, 1)]
    [InlineData("""{ "Algorithm": "SlidingWindow", "PermitLimit": 9, "Window": "00:00:02" }""", 9, 9, 2000, 10)]
    [InlineData("""{ "Algorithm": "SlidingWindow", "PermitLimit": 9, "SegmentsPerWindow": 4 }""", 9, 9, 1000, 4)]
    [InlineData("""{ "Algorithm": "Concurrency", "PermitLimit": 9 }""", 9, 9, 0, 1)]
    public void Build_ARateLimit_FillsInItsDefaults(string json, int permits, int perPeriod, double periodMilliseconds, int segments)
    {
        var limit = SettingsFactory.Build(JsonConfiguration.Section($$"""{ "PartitionBy": "route:tenant", "RateLimits": { "L": {{json}} } }""")).RateLimits["L"];
        Assert.Equal(permits, limit.Permits);
        Assert.Equal(perPeriod, limit.PermitsPerPeriod);
        Assert.Equal(TimeSpan.FromMilliseconds(periodMilliseconds), limit.Period);
        Assert.Equal(segments, limit.SegmentsPerWindow);
        Assert.Equal(new PartitionSettings(PartitionKind.Route, "tenant"), limit.PartitionBy); // The whole's, as it has none of its own.
    }

    [Theory]
    [InlineData("Address", "Address", null)]
    [InlineData("user", "User", null)]
    [InlineData("None", "None", null)]
    [InlineData("Claim:http://schemas/tenant", "Claim", "http://schemas/tenant")]
    [InlineData("HEADER:X-Api-Key", "Header", "X-Api-Key")]
    [InlineData("Route:tenant", "Route", "tenant")]
    public void Parse_APartition_GivesItsKindAndName(string text, string kind, string? name) =>
        Assert.Equal(new PartitionSettings(Enum.Parse<PartitionKind>(kind), name), PartitionGrammar.Parse(text));

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("internal", "internal", null)]
    [InlineData("scope=a=b", "scope", "a=b")]
    public void Build_AClaim_IsSplitAtItsFirstEqualsSign(string? claim, string? type, string? value)
    {
        var options = new BackpressureOptions { PriorityHeader = { Claim = claim } };
        var header = SettingsFactory.Build(options).PriorityHeader;
        Assert.Equal(type, header.ClaimType);
        Assert.Equal(value, header.ClaimValue);
    }

    [Fact]
    public void Build_Routes_AreInTheirOrderThenByName()
    {
        var options = new BackpressureOptions();
        foreach (var (name, order) in new[] { ("c", 0), ("b", 5), ("A", 0), ("d", -1) })
        {
            options.Routes[name] = new RouteOptions { Policy = "Default", Order = order, Match = { Path = "/" + name } };
        }

        Assert.Equal(["d", "A", "c", "b"], SettingsFactory.Build(options).Routes.Select(route => route.Name));
    }

    [Fact]
    public void Build_ConfigurationOnTopOfCode_AmendsIt()
    {
        var options = new BackpressureOptions();
        options.Policies["Checkout"] = new PolicyOptions { Priority = Priority.Critical, Cost = 2 };
        var settings = SettingsFactory.Build(JsonConfiguration.Section("""{ "Policies": { "checkout": { "Cost": 3 } } }"""), options);
        Assert.Equal(Priority.Critical, settings.Policies["Checkout"].Priority);
        Assert.Equal(3, settings.Policies["Checkout"].Cost);
    }

    [Fact]
    public void Equals_OfTheSameConfigurationReadTwice_IsTrue()
    {
        var one = SettingsFactory.Build(JsonConfiguration.Section(FullExample));
        var other = SettingsFactory.Build(JsonConfiguration.Section(FullExample));
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
    }

    /// <summary>One change at a time to the full example.</summary>
    [Theory]
    [InlineData("\"Mode\": \"Enforce\"", "\"Mode\": \"Observe\"")]
    [InlineData("\"DefaultPolicy\": \"Default\"", "\"DefaultPolicy\": \"Checkout\"")]
    [InlineData("\"MaxConcurrentRequests\": null", "\"MaxConcurrentRequests\": 5")]
    [InlineData("\"Max\": 1000 ", "\"Max\": 1001 ")]
    [InlineData("\"MinShare\": 0.05", "\"MinShare\": 0.06")]
    [InlineData("\"00:00:05\"", "\"00:00:06\"")]
    [InlineData("\"Probe\":", "\"Probes\":")]
    [InlineData("[ \"POST\" ]", "[ \"POST\", \"PUT\" ]")]
    [InlineData("\"Order\": 10", "\"Order\": 11")]
    [InlineData("[ \"orders-pool\" ]", "[ \"cpu\" ]")]
    [InlineData("\"Soft\": 5,", "\"Soft\": 6,")]
    [InlineData("\"Hard\": 0.97", "\"Hard\": 0.98")]
    [InlineData("\"Soft\": 5,", "\"Tags\": { \"pool\": \"orders\" }, \"Soft\": 5,")]
    [InlineData("\"TokenLimit\": 200", "\"TokenLimit\": 201")]
    [InlineData("\"PartitionBy\": \"Header:X-Api-Key\"", "\"PartitionBy\": \"Address\"")]
    [InlineData("\"10.0.0.0/8\"", "\"10.0.0.0/9\"")]
    [InlineData("\"PartitionBy\": \"User\"", "\"Deadline\": { \"GrpcTimeoutHeader\": \"\" }")]
    public void Equals_AfterAnyChange_IsFalse(string from, string to)
    {
        Assert.Contains(from, FullExample, StringComparison.Ordinal);
        var changed = FullExample.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(SettingsFactory.Build(JsonConfiguration.Section(FullExample)), SettingsFactory.Build(JsonConfiguration.Section(changed)));
    }

    [Fact]
    public void TryBuild_AConfigurationWithManyErrors_ReportsAllAtOnce()
    {
        const string Json = """
            {
              "Mod": "Off",
              "DefaultPolicy": "Nowhere",
              "MaxConcurrentRequests": 0,
              "PartitionBy": "Cookie",
              "Downstreams": {
                "OrdersDb": { "Limit": { "Algorithm": "Fixed", "Value": 1.5, "Min": 4 }, "Queue": { "MinShare": 0.5, "Capcity": 3 } },
                "Cache": { "Limit": { "Min": 50, "Max": 10 } }
              },
              "Policies": {
                "Checkout": { "Overflow": "Reject", "MaxWait": "00:00:05", "Downstream": "OrderDb" },
                "Probe": { "Exempt": true, "Cost": 2 },
                "Slow": { "MaxWait": "500", "RateLimit": "PerKey" }
              },
              "Routes": { "r": { "Match": { "Path": "orders", "Methods": "POST" }, "Policy": "Chekout" } },
              "RateLimits": { "PerIp": { "TokenLimit": 5 } },
              "PriorityHeader": { "KnownIPNetworks": [ "ten" ] },
              "Deadline": 5
            }
            """;
        Assert.False(SettingsFactory.TryBuild(JsonConfiguration.Section(Json), null, out _, out var errors));

        string[] paths =
        [
            "Mod", "DefaultPolicy", "MaxConcurrentRequests", "PartitionBy", "Downstreams:OrdersDb:Limit:Value", "Downstreams:OrdersDb:Limit:Min",
            "Downstreams:OrdersDb:Queue:MinShare", "Downstreams:OrdersDb:Queue:Capcity", "Downstreams:Cache:Limit:Min", "Policies:Checkout:MaxWait",
            "Policies:Checkout:Downstream", "Policies:Probe:Cost", "Policies:Slow:MaxWait", "Policies:Slow:RateLimit", "Routes:r:Match:Path",
            "Routes:r:Match:Methods", "Routes:r:Policy", "RateLimits:PerIp:TokensPerPeriod", "PriorityHeader:KnownIPNetworks:0", "Deadline",
        ];
        Assert.Equal(paths.Select(path => "Backpressure:" + path).Order(), errors.Select(error => error.Split(' ')[0]).Order());

        var exception = Assert.Throws<BackpressureOptionsException>(() => SettingsFactory.Build(JsonConfiguration.Section(Json)));
        Assert.Equal(errors, exception.Errors);
        Assert.Equal(
            string.Join(Environment.NewLine, errors.Select(error => "- " + error).Prepend("The configuration of Backpressure has 20 errors:")), exception.Message);
    }
}
