using Backpressure.Configuration;
using Xunit;

namespace Backpressure.Tests.Configuration;

public sealed class OptionsValidatorTests
{
    /// <summary>Configuration, and the one error that it has.</summary>
    public static TheoryData<string, string> Errors => new()
    {
        // The whole
        {
            """{ "MaxConcurrentRequests": 0 }""",
            "Backpressure:MaxConcurrentRequests (0) must be from 1 to 1000000. Choose a number in that range, or leave it out for no ceiling."
        },
        {
            """{ "MaxConcurrentRequests": 1000001 }""",
            "Backpressure:MaxConcurrentRequests (1000001) must be from 1 to 1000000. Choose a number in that range, or leave it out for no ceiling."
        },
        {
            """{ "DefaultPolicy": "Chekout", "Policies": { "Checkout": {}, "Other": {} } }""",
            "Backpressure:DefaultPolicy (\"Chekout\") must be a name under Backpressure:Policies; these exist: Checkout, Default, Other. Did you mean Checkout?"
        },
        {
            """{ "PartitionBy": "Header" }""",
            "Backpressure:PartitionBy (\"Header\") must be Address, User, None, Claim:{type}, Header:{name} or Route:{parameter}. Name it after a colon: Header:X-Api-Key."
        },
        {
            """{ "PartitionBy": "User:name" }""",
            "Backpressure:PartitionBy (\"User:name\") must be Address, User, None, Claim:{type}, Header:{name} or Route:{parameter}. Write User alone."
        },
        {
            """{ "PartitionBy": "Adress" }""",
            "Backpressure:PartitionBy (\"Adress\") must be Address, User, None, Claim:{type}, Header:{name} or Route:{parameter}. Did you mean Address?"
        },
        {
            """{ "PartitionBy": "1" }""",
            "Backpressure:PartitionBy (\"1\") must be Address, User, None, Claim:{type}, Header:{name} or Route:{parameter}. Write one of these."
        },

        // Limits
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Min": 50, "Max": 10 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Min (50) must not exceed Max (10). Raise Max or lower Min."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Min": 2000 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Min (2000) must not exceed Max (1000, its default). Raise Max or lower Min."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Max": 2 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Max (2) must not be below Min (4, its default). Lower Min or raise Max."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Initial": 3 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Initial (3) must not be below Min (4, its default). Lower Min or raise Initial."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Algorithm": "Aimd", "Initial": 30, "Max": 29 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Initial (30) must not exceed Max (29). Raise Max or lower Initial."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Min": 0 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Min (0) must be from 1 to 100000. Choose a number in that range, or leave it out for 4."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Max": 100001 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Max (100001) must be from 1 to 100000. Choose a number in that range, or leave it out for 1000."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Initial": -1 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Initial (-1) must be from 1 to 100000. Choose a number from Min to Max, or leave it out."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Algorithm": "Fixed" } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Value is required by Algorithm Fixed. Give it a number from 1 to 100000."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Algorithm": "Fixed", "Value": 0 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Value (0) must be from 1 to 100000. Choose a number in that range."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Algorithm": "Fixed", "Value": 8, "Initial": 8 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Initial (8) must not be set with Algorithm Fixed, whose limit never moves. Remove it, or choose Adaptive, Aimd, Vegas or Gradient2."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Algorithm": "Fixed", "Value": 8, "Min": 8 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Min (8) must not be set with Algorithm Fixed, whose limit never moves. Remove it, or choose Adaptive, Aimd, Vegas or Gradient2."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Algorithm": "Fixed", "Value": 8, "Max": 8 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Max (8) must not be set with Algorithm Fixed, whose limit never moves. Remove it, or choose Adaptive, Aimd, Vegas or Gradient2."
        },
        {
            """{ "Downstreams": { "OrdersDb": { "Limit": { "Value": 8 } } } }""",
            "Backpressure:Downstreams:OrdersDb:Limit:Value (8) must not be set with Algorithm Adaptive, which moves the limit. Remove it and set Initial, or choose Fixed."
        },

        // Queues
        {
            """{ "Downstreams": { "Default": { "Queue": { "Capacity": -1 } } } }""",
            "Backpressure:Downstreams:Default:Queue:Capacity (-1) must be from 0 to 1000000. Choose a number in that range (0: none waits), or leave it out for twice the limit."
        },
        {
            """{ "Downstreams": { "Default": { "Queue": { "BlockCapacity": 1000001 } } } }""",
            "Backpressure:Downstreams:Default:Queue:BlockCapacity (1000001) must be from 0 to 1000000. Choose a number in that range (0: none waits), or leave it out for 1000."
        },
        {
            """{ "Downstreams": { "Default": { "Queue": { "MinShare": 0.21 } } } }""",
            "Backpressure:Downstreams:Default:Queue:MinShare (0.21) must be from 0 to 0.2. Choose a share in that range, or leave it out for 0.01."
        },
        {
            """{ "Downstreams": { "Default": { "Queue": { "MinShare": "NaN" } } } }""",
            "Backpressure:Downstreams:Default:Queue:MinShare (NaN) must be from 0 to 0.2. Choose a share in that range, or leave it out for 0.01."
        },
        {
            """{ "Downstreams": { "Default": { "MaxLongLived": 0 } } }""",
            "Backpressure:Downstreams:Default:MaxLongLived (0) must be from 1 to 1000000. Choose a number in that range, or leave it out for 10000."
        },

        // Signals
        {
            """{ "Downstreams": { "Default": { "Signals": [ "orderspool" ] } }, "Signals": { "orders-pool": { "Meter": "m", "Instrument": "i", "Soft": 1, "Hard": 2 } } }""",
            "Backpressure:Downstreams:Default:Signals:0 (\"orderspool\") must be a name under Backpressure:Signals; these exist: orders-pool. Did you mean orders-pool?"
        },
        {
            """{ "Signals": { "a": { "Instrument": "i", "Soft": 1, "Hard": 2 } } }""",
            "Backpressure:Signals:a:Meter is required by Kind Instrument. Give it a name, such as Npgsql."
        },
        {
            """{ "Signals": { "a": { "Meter": "m", "Soft": 1, "Hard": 2 } } }""",
            "Backpressure:Signals:a:Instrument is required by Kind Instrument. Give it a name, such as db.client.connection.npgsql.pending_requests."
        },
        {
            """{ "Signals": { "a": { "Kind": "Cpu", "Meter": "m" } } }""",
            "Backpressure:Signals:a:Meter (\"m\") is not used by Kind Cpu. Remove it, or choose Instrument."
        },
        {
            """{ "Signals": { "a": { "Kind": "Cpu", "Tags": { "b": "c" } } } }""",
            "Backpressure:Signals:a:Tags is not used by Kind Cpu. Remove it, or choose Instrument."
        },
        {
            """{ "Signals": { "a": { "Kind": "Memory", "Aggregation": "Max" } } }""",
            "Backpressure:Signals:a:Aggregation (Max) is not used by Kind Memory. Remove it, or choose Instrument."
        },
        {
            """{ "Signals": { "a": { "Kind": "Custom", "Hard": 2 } } }""",
            "Backpressure:Signals:a:Soft is required by Kind Custom. Give it a number in the reading's own unit."
        },
        {
            """{ "Signals": { "a": { "Kind": "Custom", "Soft": 2, "Hard": 2 } } }""",
            "Backpressure:Signals:a:Hard (2) must not equal Soft (2): the limit goes down between them. Raise Hard, or lower it where less is worse."
        },
        {
            """{ "Signals": { "a": { "Kind": "Cpu", "Soft": 0.98 } } }""",
            "Backpressure:Signals:a:Hard (0.97) must be above Soft (0.98) with Kind Cpu, where more is worse. Raise Hard or lower Soft."
        },
        {
            """{ "Signals": { "a": { "Kind": "Custom", "Soft": 1, "Hard": "Infinity" } } }""",
            "Backpressure:Signals:a:Hard (Infinity) must be a finite number. Write one, such as 5 or 0.85."
        },
        {
            """{ "Signals": { "a": { "Kind": "Cpu", "StaleAfter": "00:00:00.500" } } }""",
            "Backpressure:Signals:a:StaleAfter (00:00:00.500) must be from 00:00:01 to 00:10:00. Choose a duration in that range, or leave it out for 00:00:10."
        },
        {
            """{ "Signals": { "a": { "Kind": "Cpu", "Smoothing": "00:11:00" } } }""",
            "Backpressure:Signals:a:Smoothing (00:11:00) must be from 00:00:00 to 00:10:00. Choose a duration in that range, or leave it out."
        },

        // Policies
        {
            """{ "Policies": { "A": { "MaxWait": "00:00:00" } } }""",
            "Backpressure:Policies:A:MaxWait (00:00:00) must be above zero and at most 00:10:00. Choose a longer wait, or Overflow Reject for none."
        },
        {
            """{ "Policies": { "A": { "MaxWait": "00:10:00.001" } } }""",
            "Backpressure:Policies:A:MaxWait (00:10:00.001) must be above zero and at most 00:10:00. Choose a shorter wait."
        },
        {
            """{ "Policies": { "A": { "MaxWait": "00:00:01", "Overflow": "Reject" } } }""",
            "Backpressure:Policies:A:MaxWait (00:00:01) must not be set with Overflow Reject, which never waits. Remove it, or choose Shed or Block."
        },
        {
            """{ "Policies": { "A": { "Downstream": "OrderDb" } }, "Downstreams": { "OrdersDb": {} } }""",
            "Backpressure:Policies:A:Downstream (\"OrderDb\") must be a name under Backpressure:Downstreams; these exist: Default, OrdersDb. Did you mean OrdersDb?"
        },
        {
            """{ "Policies": { "A": { "Downstream": "Search" } }, "Downstreams": { "OrdersDb": {} } }""",
            "Backpressure:Policies:A:Downstream (\"Search\") must be a name under Backpressure:Downstreams; these exist: Default, OrdersDb. Define Backpressure:Downstreams:Search."
        },
        {
            """{ "Policies": { "A": { "RateLimit": "PerKey" } } }""",
            "Backpressure:Policies:A:RateLimit (\"PerKey\") must be a name under Backpressure:RateLimits; none exists. Define Backpressure:RateLimits:PerKey."
        },
        {
            """{ "Policies": { "A": { "Cost": 1001 } } }""",
            "Backpressure:Policies:A:Cost (1001) must be from 1 to 1000. Choose a number in that range, or leave it out for 1."
        },
        {
            """{ "Policies": { "Probe": { "Exempt": true, "Priority": "Critical" } } }""",
            "Backpressure:Policies:Probe:Priority (Critical) must not be set beside Exempt, which passes everything by. Remove it, or remove Exempt."
        },
        {
            """{ "Policies": { "Probe": { "Exempt": true, "Overflow": "Block" } } }""",
            "Backpressure:Policies:Probe:Overflow (Block) must not be set beside Exempt, which passes everything by. Remove it, or remove Exempt."
        },
        {
            """{ "Policies": { "Probe": { "Exempt": true, "MaxWait": "00:00:01.500" } } }""",
            "Backpressure:Policies:Probe:MaxWait (00:00:01.500) must not be set beside Exempt, which passes everything by. Remove it, or remove Exempt."
        },
        {
            """{ "Policies": { "Probe": { "Exempt": true, "Downstream": "Db" } }, "Downstreams": { "Db": {} } }""",
            "Backpressure:Policies:Probe:Downstream (\"Db\") must not be set beside Exempt, which passes everything by. Remove it, or remove Exempt."
        },
        {
            """{ "Policies": { "Probe": { "Exempt": true, "RateLimit": "X" } } }""",
            "Backpressure:Policies:Probe:RateLimit (\"X\") must not be set beside Exempt, which passes everything by. Remove it, or remove Exempt."
        },
        {
            """{ "Policies": { "Probe": { "Exempt": true, "Mode": "Observe" } } }""",
            "Backpressure:Policies:Probe:Mode (Observe) must not be set beside Exempt, which passes everything by. Remove it, or remove Exempt."
        },
        {
            """{ "Policies": { "Probe": { "Exempt": true, "HoldUntil": "ResponseStart" } } }""",
            "Backpressure:Policies:Probe:HoldUntil (ResponseStart) must not be set beside Exempt, which passes everything by. Remove it, or remove Exempt."
        },
        {
            """{ "Policies": { "A": { "PartitionBy": "Tenant" } } }""",
            "Backpressure:Policies:A:PartitionBy (\"Tenant\") must be Address, User, None, Claim:{type}, Header:{name} or Route:{parameter}. Write one of these."
        },
        {
            """{ "Policies": { "Probe": { "Exempt": true, "PartitionBy": "Address" } } }""",
            "Backpressure:Policies:Probe:PartitionBy (\"Address\") must not be set beside Exempt, which passes everything by. Remove it, or remove Exempt."
        },
        {
            """{ "Policies": { "Probe": { "Exempt": true, "Cost": 2 } } }""",
            "Backpressure:Policies:Probe:Cost (2) must not be set beside Exempt, which passes everything by. Remove it, or remove Exempt."
        },

        // Routes
        {
            """{ "Routes": { "r": { "Match": { "Path": "/a" } } } }""",
            "Backpressure:Routes:r:Policy is required. Give it the name of a policy under Backpressure:Policies, or Default."
        },
        {
            """{ "Routes": { "r": { "Match": { "Path": "/a" }, "Policy": "Defalt" } } }""",
            "Backpressure:Routes:r:Policy (\"Defalt\") must be a name under Backpressure:Policies; these exist: Default. Did you mean Default?"
        },
        {
            """{ "Routes": { "r": { "Policy": "Default" } } }""",
            "Backpressure:Routes:r:Match:Path is required. Give it a route template such as /orders/{id} or, for all, /{**rest}."
        },
        {
            """{ "Routes": { "r": { "Match": { "Path": "~/orders" }, "Policy": "Default" } } }""",
            "Backpressure:Routes:r:Match:Path (\"~/orders\") must start with a slash. Write \"/orders\"."
        },
        {
            """{ "Routes": { "r": { "Match": { "Path": "/a", "Methods": [ "GET", "PUT,POST" ] }, "Policy": "Default" } } }""",
            "Backpressure:Routes:r:Match:Methods:1 (\"PUT,POST\") must be one HTTP method. Write one an item, such as \"GET\"."
        },
        {
            """{ "Routes": { "r": { "Match": { "Path": "/a", "Hosts": [ "https://shop.example" ] }, "Policy": "Default" } } }""",
            "Backpressure:Routes:r:Match:Hosts:0 (\"https://shop.example\") must be a host name without scheme, port or path. Write for example \"shop.example\" or, for its subdomains, \"*.shop.example\"."
        },
        {
            """{ "Routes": { "r": { "Match": { "Path": "/a", "Hosts": [ "*" ] }, "Policy": "Default" } } }""",
            "Backpressure:Routes:r:Match:Hosts:0 (\"*\") must be a host name without scheme, port or path. Write for example \"shop.example\" or, for its subdomains, \"*.shop.example\"."
        },

        // Rate limits
        {
            """{ "RateLimits": { "L": { "TokenLimit": 1, "TokensPerPeriod": 1, "Scope": "Fleet" } } }""",
            "Backpressure:RateLimits:L:Scope (Fleet) needs a store that all replicas share, and none is registered. Call builder.Services.AddBackpressureRedis(…) of the package Backpressure.Redis, or write Replica."
        },
        {
            """{ "RateLimits": { "L": { "Algorithm": "Concurrency", "PermitLimit": 1, "Scope": "Fleet" } } }""",
            "Backpressure:RateLimits:L:Scope (Fleet) is not for Algorithm Concurrency, whose permits a replica that dies would keep. Choose TokenBucket, FixedWindow or SlidingWindow, or write Replica."
        },
        {
            """{ "RateLimits": { "L": { "TokensPerPeriod": 1 } } }""",
            "Backpressure:RateLimits:L:TokenLimit is required by Algorithm TokenBucket. Give it a number from 1 to 1000000."
        },
        {
            """{ "RateLimits": { "L": { "TokenLimit": 1 } } }""",
            "Backpressure:RateLimits:L:TokensPerPeriod is required by Algorithm TokenBucket. Give it a number from 1 to 1000000."
        },
        {
            """{ "RateLimits": { "L": { "TokenLimit": 10, "TokensPerPeriod": 11 } } }""",
            "Backpressure:RateLimits:L:TokensPerPeriod (11) must not exceed TokenLimit (10), which would throw the rest away. Raise TokenLimit or lower TokensPerPeriod."
        },
        {
            """{ "RateLimits": { "L": { "TokenLimit": 10, "TokensPerPeriod": 0 } } }""",
            "Backpressure:RateLimits:L:TokensPerPeriod (0) must be from 1 to 1000000. Choose a number in that range."
        },
        {
            """{ "RateLimits": { "L": { "TokenLimit": 10, "TokensPerPeriod": 1, "ReplenishmentPeriod": "00:00:00.0005" } } }""",
            "Backpressure:RateLimits:L:ReplenishmentPeriod (00:00:00.0005000) must be from 00:00:00.001 to 00:10:00. Choose a duration in that range, or leave it out for 00:00:01."
        },
        {
            """{ "RateLimits": { "L": { "TokenLimit": 10, "TokensPerPeriod": 1, "PermitLimit": 5 } } }""",
            "Backpressure:RateLimits:L:PermitLimit (5) is not used by Algorithm TokenBucket. Remove it, or choose FixedWindow, SlidingWindow or Concurrency."
        },
        {
            """{ "RateLimits": { "L": { "Algorithm": "FixedWindow" } } }""",
            "Backpressure:RateLimits:L:PermitLimit is required by Algorithm FixedWindow. Give it a number from 1 to 1000000."
        },
        {
            """{ "RateLimits": { "L": { "Algorithm": "FixedWindow", "PermitLimit": 5, "TokenLimit": 5 } } }""",
            "Backpressure:RateLimits:L:TokenLimit (5) is not used by Algorithm FixedWindow. Remove it, or choose TokenBucket."
        },
        {
            """{ "RateLimits": { "L": { "Algorithm": "FixedWindow", "PermitLimit": 5, "SegmentsPerWindow": 5 } } }""",
            "Backpressure:RateLimits:L:SegmentsPerWindow (5) is not used by Algorithm FixedWindow. Remove it, or choose SlidingWindow."
        },
        {
            """{ "RateLimits": { "L": { "Algorithm": "FixedWindow", "PermitLimit": 5, "Window": "00:10:00.001" } } }""",
            "Backpressure:RateLimits:L:Window (00:10:00.001) must be from 00:00:00.001 to 00:10:00. Choose a duration in that range, or leave it out for 00:00:01."
        },
        {
            """{ "RateLimits": { "L": { "Algorithm": "SlidingWindow", "PermitLimit": 5, "SegmentsPerWindow": 101 } } }""",
            "Backpressure:RateLimits:L:SegmentsPerWindow (101) must be from 1 to 100. Choose a number in that range, or leave it out for 10."
        },
        {
            """{ "RateLimits": { "L": { "Algorithm": "Concurrency", "PermitLimit": 0 } } }""",
            "Backpressure:RateLimits:L:PermitLimit (0) must be from 1 to 1000000. Choose a number in that range."
        },
        {
            """{ "RateLimits": { "L": { "Algorithm": "Concurrency", "PermitLimit": 5, "Window": "00:00:01" } } }""",
            "Backpressure:RateLimits:L:Window (00:00:01) is not used by Algorithm Concurrency. Remove it, or choose FixedWindow or SlidingWindow."
        },
        {
            """{ "RateLimits": { "L": { "Algorithm": "Concurrency", "PermitLimit": 5, "PartitionBy": "Header:X Key" } } }""",
            "Backpressure:RateLimits:L:PartitionBy (\"Header:X Key\") must be Address, User, None, Claim:{type}, Header:{name} or Route:{parameter}. Name it after a colon: Header:X-Api-Key."
        },

        // Headers
        {
            """{ "PriorityHeader": { "Name": "My Header" } }""",
            "Backpressure:PriorityHeader:Name (\"My Header\") must be a header name: letters, digits and hyphens. Write one such as Backpressure-Priority."
        },
        {
            """{ "PriorityHeader": { "KnownIPNetworks": [ "10.0.0.0/8", "10.1.2.3/8" ] } }""",
            "Backpressure:PriorityHeader:KnownIPNetworks:1 (\"10.1.2.3/8\") must be a network in CIDR form, its host bits zero. Write for example 10.0.0.0/8."
        },
        {
            """{ "PriorityHeader": { "KnownIPNetworks": [ "fd00::1" ] } }""",
            "Backpressure:PriorityHeader:KnownIPNetworks:0 (\"fd00::1\") must be a network in CIDR form, its host bits zero. Write for example fd00::1/128."
        },
        {
            """{ "PriorityHeader": { "KnownIPNetworks": [ "10.0.0.0/33" ] } }""",
            "Backpressure:PriorityHeader:KnownIPNetworks:0 (\"10.0.0.0/33\") must be a network in CIDR form, its host bits zero. Write for example 10.0.0.0/8 or fd00::/8."
        },
        {
            """{ "PriorityHeader": { "KnownIPNetworks": [ "::ffff:10.0.0.0/104" ] } }""",
            "Backpressure:PriorityHeader:KnownIPNetworks:0 (\"::ffff:10.0.0.0/104\") must be an IPv4 network where it means IPv4 addresses. Write 10.0.0.0/8."
        },
        {
            """{ "PriorityHeader": { "Claim": "=x" } }""",
            "Backpressure:PriorityHeader:Claim (\"=x\") must be a claim's type, or type=value. Write for example \"scope=internal\", or leave it out for nobody."
        },
        {
            """{ "Deadline": { "MillisecondsHeader": "x:y" } }""",
            "Backpressure:Deadline:MillisecondsHeader (\"x:y\") must be a header name: letters, digits and hyphens. Write a header's name, or \"\" for not reading one."
        },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void Validate_WhatIsWrongInConfiguration_SaysPathValueBoundAndWayOut(string json, string error)
    {
        Assert.False(SettingsFactory.TryBuild(JsonConfiguration.Section(json), null, out var settings, out var errors));
        Assert.Null(settings);
        Assert.Equal([error], errors);
    }

    /// <summary>What only code can get wrong, and the one error that it is.</summary>
    public static TheoryData<Action<BackpressureOptions>, string> CodeErrors => new()
    {
        { options => options.Mode = (BackpressureMode)9, "Backpressure:Mode (9) must be one of Enforce, Observe, Off. Use one of these names." },
        { options => options.DefaultPolicy = null!, "Backpressure:DefaultPolicy (null) must be a name under Backpressure:Policies. Write one, or leave it out for Default." },
        { options => options.PartitionBy = null!, "Backpressure:PartitionBy (null) must be Address, User, None, Claim:{type}, Header:{name} or Route:{parameter}. Write one of these." },
        { options => options.PriorityHeader = null!, "Backpressure:PriorityHeader (null) must be an object. Assign one, or leave the property alone for its defaults." },
        { options => options.Deadline = null!, "Backpressure:Deadline (null) must be an object. Assign one, or leave the property alone for its defaults." },
        { options => options.Deadline.GrpcTimeoutHeader = null!, "Backpressure:Deadline:GrpcTimeoutHeader (null) must be a header name: letters, digits and hyphens. Write a header's name, or \"\" for not reading one." },
        { options => options.Downstreams["D"] = null!, "Backpressure:Downstreams:D (null) must be an object. Assign one, or leave the property alone for its defaults." },
        { options => options.Downstreams["D"] = new() { Limit = null! }, "Backpressure:Downstreams:D:Limit (null) must be an object. Assign one, or leave the property alone for its defaults." },
        { options => options.Downstreams["D"] = new() { Queue = null! }, "Backpressure:Downstreams:D:Queue (null) must be an object. Assign one, or leave the property alone for its defaults." },
        { options => options.Downstreams["D"] = new() { Limit = { Algorithm = (LimitAlgorithm)9 } }, "Backpressure:Downstreams:D:Limit:Algorithm (9) must be one of Adaptive, Fixed, Aimd, Vegas, Gradient2. Use one of these names." },
        { options => options.Downstreams["D"] = new() { Queue = { ProcessingOrder = (ProcessingOrder)9 } }, "Backpressure:Downstreams:D:Queue:ProcessingOrder (9) must be one of OldestFirst, NewestFirstUnderOverload. Use one of these names." },
        { options => options.Policies["P"] = new() { Priority = (Priority)9 }, "Backpressure:Policies:P:Priority (9) must be one of Critical, High, Normal, Low. Use one of these names." },
        { options => options.Policies["P"] = new() { Overflow = (Overflow)9 }, "Backpressure:Policies:P:Overflow (9) must be one of Shed, Block, Reject. Use one of these names." },
        { options => options.Policies["P"] = new() { Mode = (BackpressureMode)9 }, "Backpressure:Policies:P:Mode (9) must be one of Enforce, Observe, Off. Use one of these names." },
        { options => options.Policies["P"] = new() { HoldUntil = (HoldUntil)9 }, "Backpressure:Policies:P:HoldUntil (9) must be one of HandlerEnd, ResponseStart. Use one of these names." },
        { options => options.Policies["P"] = new() { MaxWait = TimeSpan.FromSeconds(-1) }, "Backpressure:Policies:P:MaxWait (-00:00:01) must be above zero and at most 00:10:00. Choose a longer wait, or Overflow Reject for none." },
        { options => options.Policies[" P"] = new(), "Backpressure:Policies: P (\" P\") has a name that cannot be used: 1 to 100 characters, no colon, no space at either end. Rename it." },
        { options => options.Routes["R"] = new() { Policy = "Default", Match = null! }, "Backpressure:Routes:R:Match (null) must be an object. Assign one, or leave the property alone for its defaults." },
        { options => options.Routes["R"] = new() { Policy = "Default", Match = { Path = "/", Methods = { null! } } }, "Backpressure:Routes:R:Match:Methods:0 (null) must be one HTTP method. Write one an item, such as \"GET\"." },
        { options => options.Routes["R"] = new() { Policy = "Default", Match = { Path = string.Empty } }, "Backpressure:Routes:R:Match:Path (\"\") must start with a slash. Write \"/\"." },
        { options => options.RateLimits["L"] = new() { Algorithm = (RateLimitAlgorithm)9, PermitLimit = 1 }, "Backpressure:RateLimits:L:Algorithm (9) must be one of TokenBucket, FixedWindow, SlidingWindow, Concurrency. Use one of these names." },
        { options => options.PriorityHeader.KnownIPNetworks.Add(null!), "Backpressure:PriorityHeader:KnownIPNetworks:0 (null) must be a network in CIDR form, its host bits zero. Write for example 10.0.0.0/8 or fd00::/8." },
    };

    [Theory]
    [MemberData(nameof(CodeErrors), DisableDiscoveryEnumeration = true)]
    public void Validate_WhatIsWrongInCode_IsThrownWithItsPath(Action<BackpressureOptions> configure, string error)
    {
        var options = new BackpressureOptions();
        configure(options);
        var exception = Assert.Throws<BackpressureOptionsException>(() => SettingsFactory.Build(options));
        Assert.Equal([error], exception.Errors);
    }

    [Theory]
    [InlineData("""{ "Downstreams": { "D": { "Limit": { "Min": 1, "Initial": 1, "Max": 1 } } } }""")]
    [InlineData("""{ "Downstreams": { "D": { "Limit": { "Algorithm": "Fixed", "Value": 100000 }, "MaxLongLived": 1000000 } } }""")]
    [InlineData("""{ "Downstreams": { "D": { "Queue": { "Capacity": 0, "BlockCapacity": 0, "MinShare": 0 } } } }""")]
    [InlineData("""{ "Downstreams": { "D": { "Queue": { "Capacity": 1000000, "BlockCapacity": 1000000, "MinShare": 0.2 } } } }""")]
    [InlineData("""{ "MaxConcurrentRequests": 1000000, "Policies": { "P": { "MaxWait": "00:10:00", "Cost": 1000 } } }""")]
    [InlineData("""{ "Policies": { "P": { "PartitionBy": "route:tenant" } }, "Downstreams": { "D": { "Queue": { "ShedSameUsers": true } } } }""")]
    [InlineData("""{ "Policies": { "P": { "Exempt": true, "Downstream": "default" } } }""")]
    [InlineData("""{ "RateLimits": { "L": { "Algorithm": "SlidingWindow", "PermitLimit": 1000000, "SegmentsPerWindow": 100, "Window": "00:00:00.001" } } }""")]
    [InlineData("""{ "RateLimits": { "L": { "TokenLimit": 1, "TokensPerPeriod": 1, "ReplenishmentPeriod": "00:10:00", "PartitionBy": "claim:http://a:b" } } }""")]
    [InlineData("""{ "Routes": { "R": { "Match": { "Path": "/", "Hosts": [ "*.shop.example", "[::1]", "localhost", "10.0.0.1" ] }, "Policy": "DEFAULT", "Order": -5 } } }""")]
    [InlineData("""{ "PriorityHeader": { "KnownIPNetworks": [ "10.0.0.1/32", "fd00::/8", "0.0.0.0/0" ], "Claim": "scope=a=b" } }""")]
    public void Validate_ValuesAtTheirBounds_AreTaken(string json)
    {
        SettingsFactory.TryBuild(JsonConfiguration.Section(json), null, out _, out var errors);
        Assert.Empty(errors);
    }

    [Fact]
    public void Validate_AKeyThatCouldNotBeRead_IsNotAlsoReportedForWhatFollowsFromIt()
    {
        const string Json = """
            { "RateLimits": { "L": { "TokenLimit": "many", "TokensPerPeriod": 5 } },
              "Downstreams": { "D": { "Limit": { "Algorithm": "Fixed", "Value": "x" } } } }
            """;
        Assert.False(SettingsFactory.TryBuild(JsonConfiguration.Section(Json), null, out _, out var errors));
        Assert.Equal(2, errors.Count);
        Assert.All(errors, error => Assert.Contains("must be a whole number", error, StringComparison.Ordinal));
    }
}
