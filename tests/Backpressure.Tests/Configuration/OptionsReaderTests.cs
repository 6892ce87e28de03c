using Backpressure.Configuration;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Backpressure.Tests.Configuration;

public sealed class OptionsReaderTests
{
    public static TheoryData<string, string> Errors => new()
    {
        // Unknown keys
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Mim": 4 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Mim is not a known key. Did you mean Min? Known here: Algorithm, Initial, Max, Min, Value."
        },
        {
            """{ "Colour": "a secret" }""",
            "Backpressure:Colour is not a known key. Remove it. Known here: Deadline, DefaultPolicy, Downstreams, MaxConcurrentRequests, Mode, PartitionBy, Policies, PriorityHeader, RateLimits, Routes, Signals."
        },
        {
            """{ "Policies": { "A": { "priorty": "Low" } } }""",
            "Backpressure:Policies:A:priorty is not a known key. Did you mean Priority? Known here: Cost, Credits, Downstream, Exempt, HoldUntil, MaxWait, Mode, Overflow, PartitionBy, Priority, RateLimit."
        },
        {
            """{ "Routes": { "r": { "Match": { "Path": "/", "Method": [ "GET" ] }, "Policy": "Default" } } }""",
            "Backpressure:Routes:r:Match:Method is not a known key. Did you mean Methods? Known here: Hosts, Methods, Path."
        },

        // Whole numbers
        {
            """{ "MaxConcurrentRequests": "ten" }""",
            "Backpressure:MaxConcurrentRequests (\"ten\") must be a whole number from -2147483648 to 2147483647. Write it in digits only, such as 32."
        },
        {
            """{ "MaxConcurrentRequests": 1.5 }""",
            "Backpressure:MaxConcurrentRequests (\"1.5\") must be a whole number from -2147483648 to 2147483647. Write it in digits only, such as 32."
        },
        {
            """{ "MaxConcurrentRequests": 99999999999 }""",
            "Backpressure:MaxConcurrentRequests (\"99999999999\") must be a whole number from -2147483648 to 2147483647. Write it in digits only, such as 32."
        },
        {
            """{ "MaxConcurrentRequests": "" }""",
            "Backpressure:MaxConcurrentRequests (\"\") must be a whole number. Give it a value, or leave the key out for its default."
        },
        {
            """{ "MaxConcurrentRequests": { "A": 1, "B": 2 } }""",
            "Backpressure:MaxConcurrentRequests must be a whole number, but has keys of its own (A, B). Write one value."
        },
        {
            """{ "MaxConcurrentRequests": [ 5 ] }""",
            "Backpressure:MaxConcurrentRequests must be a whole number, but has keys of its own (0). Write one value."
        },

        // Fractions, flags, texts
        {
            """{ "Downstreams": { "Default": { "Queue": { "MinShare": "0,05" } } } }""",
            "Backpressure:Downstreams:Default:Queue:MinShare (\"0,05\") must be a number. Write it with a point before the decimals, such as 0.05."
        },
        {
            """{ "Policies": { "A": { "Exempt": "yes" } } }""",
            "Backpressure:Policies:A:Exempt (\"yes\") must be true or false. Write one of these two."
        },
        {
            """{ "PriorityHeader": { "Lower": 1 } }""",
            "Backpressure:PriorityHeader:Lower (\"1\") must be true or false. Write one of these two."
        },
        {
            """{ "DefaultPolicy": " " }""",
            "Backpressure:DefaultPolicy (\" \") must be text. Give it a value, or leave the key out for its default."
        },

        // Names of enums
        { """{ "Mode": "Enforced" }""", "Backpressure:Mode (\"Enforced\") must be one of Enforce, Observe, Off. Did you mean Enforce?" },
        { """{ "Mode": 1 }""", "Backpressure:Mode (\"1\") must be one of Enforce, Observe, Off. Write one of these names." },
        { """{ "Mode": "99" }""", "Backpressure:Mode (\"99\") must be one of Enforce, Observe, Off. Write one of these names." },
        { """{ "Mode": "Enforce,Observe" }""", "Backpressure:Mode (\"Enforce,Observe\") must be one of Enforce, Observe, Off. Write one of these names." },

        // Durations
        {
            """{ "Policies": { "A": { "MaxWait": 500 } } }""",
            "Backpressure:Policies:A:MaxWait (\"500\") has no unit. Write 00:00:00.500 for 500 milliseconds, or 00:08:20 for 500 seconds."
        },
        {
            """{ "Policies": { "A": { "MaxWait": "5000" } } }""",
            "Backpressure:Policies:A:MaxWait (\"5000\") has no unit. Write 00:00:05 for 5000 milliseconds."
        },
        {
            """{ "Policies": { "A": { "MaxWait": "1:30" } } }""",
            "Backpressure:Policies:A:MaxWait (\"1:30\") must be a duration as hh:mm:ss or hh:mm:ss.fff. Write for example 00:00:00.500 for half a second."
        },
        {
            """{ "Policies": { "A": { "MaxWait": "500ms" } } }""",
            "Backpressure:Policies:A:MaxWait (\"500ms\") must be a duration as hh:mm:ss or hh:mm:ss.fff. Write for example 00:00:00.500 for half a second."
        },
        {
            """{ "Policies": { "A": { "MaxWait": "-00:00:01" } } }""",
            "Backpressure:Policies:A:MaxWait (\"-00:00:01\") must be a duration as hh:mm:ss or hh:mm:ss.fff. Write for example 00:00:00.500 for half a second."
        },
        {
            """{ "Policies": { "A": { "MaxWait": "1.00:00:00" } } }""",
            "Backpressure:Policies:A:MaxWait (\"1.00:00:00\") must be a duration as hh:mm:ss or hh:mm:ss.fff. Write for example 00:00:00.500 for half a second."
        },

        // Maps of texts
        {
            """{ "Signals": { "a": { "Tags": "pool=orders" } } }""",
            "Backpressure:Signals:a:Tags (\"pool=orders\") must be an object. Write { \"name\": \"value\" }, or Backpressure:Signals:a:Tags:name as the key."
        },
        {
            """{ "Signals": { "a": { "Tags": { "pool": { "b": 1 } } } } }""",
            "Backpressure:Signals:a:Tags:pool must be a single text, but has keys of its own. Write { \"name\": \"value\" }."
        },

        // Lists
        {
            """{ "Routes": { "r": { "Match": { "Path": "/", "Methods": "POST" }, "Policy": "Default" } } }""",
            "Backpressure:Routes:r:Match:Methods (\"POST\") must be a list. Write [ \"POST\" ], or Backpressure:Routes:r:Match:Methods:0 as the key."
        },
        {
            """{ "Routes": { "r": { "Match": { "Path": "/", "Hosts": { "shop": "a" } }, "Policy": "Default" } } }""",
            "Backpressure:Routes:r:Match:Hosts:shop is a key where Hosts must be a list. Write [ \"…\", \"…\" ]."
        },
        {
            """{ "PriorityHeader": { "KnownIPNetworks": [ { "Cidr": "10.0.0.0/8" } ] } }""",
            "Backpressure:PriorityHeader:KnownIPNetworks:0 must be a single text, but has keys of its own. Write [ \"…\", \"…\" ]."
        },

        // Objects and maps
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": 32 } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit (\"32\") must be an object. Write its keys below it: Algorithm, Initial, Max, Min, Value."
        },
        {
            """{ "Deadline": [] }""",
            "Backpressure:Deadline (\"\") must be an object. Write its keys below it: GrpcTimeoutHeader, MillisecondsHeader."
        },
        {
            """{ "Policies": { "Probe": true } }""",
            "Backpressure:Policies:Probe (\"True\") must be an object. Write its keys below it: Cost, Credits, Downstream, Exempt, HoldUntil, MaxWait, Mode, Overflow, PartitionBy, Priority, RateLimit."
        },
        {
            """{ "Policies": "Checkout" }""",
            "Backpressure:Policies (\"Checkout\") must be an object. Write { \"SomeName\": { … } }, or Backpressure:Policies:SomeName:… as the key."
        },
        {
            """{ "Policies": [ { "Priority": "Low" } ] }""",
            "Backpressure:Policies:0 has an index for a name, as if Policies were a list. Write { \"SomeName\": { … } }."
        },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void Read_WhatIsWrongAtAKey_SaysPathValueBoundAndWayOut(string json, string error)
    {
        var errors = new OptionsErrors();
        OptionsReader.Read(JsonConfiguration.Section(json), new BackpressureOptions(), errors);
        Assert.Equal([error], errors.Texts);
    }

    [Fact]
    public void Read_OfARoot_NamesKeysWithoutPrefix()
    {
        var errors = new OptionsErrors();
        OptionsReader.Read(JsonConfiguration.Root("""{ "Mod": "Off" }"""), new BackpressureOptions(), errors);
        Assert.StartsWith("Mod is not a known key. Did you mean Mode?", Assert.Single(errors.Texts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00:00:00.5", 500)]
    [InlineData("00:00:00.100", 100)]
    [InlineData("00:00:05", 5000)]
    [InlineData("00:10:00", 600_000)]
    [InlineData("00:00:00.0010000", 1)]
    public void Read_ADurationInItsForm_IsTaken(string text, double milliseconds)
    {
        var options = Read($$"""{ "Policies": { "A": { "MaxWait": "{{text}}" } } }""");
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), options.Policies["a"].MaxWait);
    }

    [Fact]
    public void Read_KeysAndNamesInAnyCase_AreTaken()
    {
        var options = Read("""{ "mode": "observe", "POLICIES": { "a": { "OVERFLOW": "BLOCK" } } }""");
        Assert.Equal(BackpressureMode.Observe, options.Mode);
        Assert.Equal(Overflow.Block, options.Policies["A"].Overflow);
    }

    [Fact]
    public void Read_NullAndMissing_LeaveWhatCodeHasSet()
    {
        var options = new BackpressureOptions { MaxConcurrentRequests = 7, Mode = BackpressureMode.Observe };
        options.Policies["A"] = new PolicyOptions { Cost = 3, Priority = Priority.Low };
        options.Routes["r"] = new RouteOptions();
        options.Routes["r"].Match.Methods.Add("GET");
        Read(
            """
            { "MaxConcurrentRequests": null, "Policies": { "a": { "Priority": "High", "MaxWait": null } },
              "Routes": { "r": { "Match": { "Methods": null } } }, "Deadline": null, "Downstreams": {} }
            """,
            options);
        Assert.Equal(7, options.MaxConcurrentRequests);
        Assert.Equal(BackpressureMode.Observe, options.Mode);
        var policy = Assert.Single(options.Policies).Value;
        Assert.Equal(3, policy.Cost);
        Assert.Equal(Priority.High, policy.Priority);
        Assert.Equal(["GET"], options.Routes["r"].Match.Methods);
    }

    [Fact]
    public void Read_AnEntryWithoutKeys_IsOneOfDefaults()
    {
        var options = Read("""{ "Policies": { "Plain": {} } }""");
        Assert.Equal(Priority.Normal, options.Policies["Plain"].Priority);
    }

    [Theory]
    [InlineData("""[ "PUT", "POST" ]""", "PUT,POST")]
    [InlineData("""[ null, "POST" ]""", "POST")]
    [InlineData("""[]""", "")]
    public void Read_AList_ReplacesWhatCodeHasSet(string json, string expected)
    {
        var options = new BackpressureOptions();
        options.Routes["r"] = new RouteOptions();
        options.Routes["r"].Match.Methods.Add("GET");
        Read($$"""{ "Routes": { "r": { "Match": { "Methods": {{json}} } } } }""", options);
        Assert.Equal(expected, string.Join(',', options.Routes["r"].Match.Methods));
    }

    [Fact]
    public void Read_ListsOfTwoSources_MergeByIndex()
    {
        var options = new BackpressureOptions();
        OptionsReader.Read(
            JsonConfiguration.Root(
                """{ "PriorityHeader": { "KnownIPNetworks": [ "10.0.0.0/8", "11.0.0.0/8" ] } }""",
                """{ "PriorityHeader": { "KnownIPNetworks": [ "12.0.0.0/8" ] } }"""),
            options,
            new OptionsErrors());
        Assert.Equal(["12.0.0.0/8", "11.0.0.0/8"], options.PriorityHeader.KnownIPNetworks);
    }

    [Fact]
    public void Read_MoreThanTenItems_KeepsTheirOrder()
    {
        var hosts = Enumerable.Range(0, 12).Select(i => $"h{i}").ToList();
        var options = Read($$"""{ "Routes": { "r": { "Match": { "Hosts": [ {{string.Join(", ", hosts.Select(host => $"\"{host}\""))}} ] } } } }""");
        Assert.Equal(hosts, options.Routes["r"].Match.Hosts);
    }

    [Fact]
    public void Read_AnEmptyDeadlineHeader_TurnsItOff()
    {
        var options = Read("""{ "Deadline": { "GrpcTimeoutHeader": "" } }""");
        Assert.Empty(options.Deadline.GrpcTimeoutHeader);
        Assert.Equal("x-envoy-expected-rq-timeout-ms", options.Deadline.MillisecondsHeader);
    }

    [Fact]
    public void Read_AScalarAndKeysAtOnce_IsAnError()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Backpressure:Deadline"] = "x", ["Backpressure:Deadline:GrpcTimeoutHeader"] = "y" })
            .Build();
        var errors = new OptionsErrors();
        OptionsReader.Read(configuration.GetSection("Backpressure"), new BackpressureOptions(), errors);
        Assert.StartsWith("Backpressure:Deadline (\"x\") must be an object.", Assert.Single(errors.Texts), StringComparison.Ordinal);
    }

    private static BackpressureOptions Read(string json, BackpressureOptions? onto = null)
    {
        var options = onto ?? new BackpressureOptions();
        var errors = new OptionsErrors();
        OptionsReader.Read(JsonConfiguration.Section(json), options, errors);
        Assert.Empty(errors.Texts);
        return options;
    }
}
