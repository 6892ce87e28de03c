using Backpressure.Configuration;
using Backpressure.Observability;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests.Observability;

/// <summary>What an operator finds in the log.</summary>
public sealed class SheddingStateTests
{
    [Fact]
    public void Rejections_AreLoggedEachAtDebug()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject));
        RequestClass any = rig.Shedder.ClassOf("GET /any");
        rig.Fill(any, 1);

        AdmissionLease lease = rig.Ask(any);
        rig.Ask(any);

        FakeLogRecord[] rejections = [.. rig.Logger.Of(10)];
        Assert.Equal(2, rejections.Length);
        Assert.All(rejections, r => Assert.Equal(LogLevel.Debug, r.Level));
        Assert.Contains("GET /any", rejections[0].Message, StringComparison.Ordinal);
        Assert.Contains("LimitReached", rejections[0].Message, StringComparison.Ordinal);
        Assert.Contains($"{lease.RetryAfter.TotalSeconds} s", rejections[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shedding_ThatBeginsAndStops_IsToldOnceEach()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 1);
        Assert.Empty(rig.Logger.Records);
        for (int i = 0; i < 10; i++)
        {
            rig.Ask(any);
            rig.Time.Pass(2000);
        }

        Assert.Equal(LogLevel.Warning, Assert.Single(rig.Logger.Of(1)).Level);
        Assert.Empty(rig.Logger.Of(2));
        rig.Time.Pass(10_000);
        FakeLogRecord stopped = Assert.Single(rig.Logger.Of(2));
        Assert.Equal(LogLevel.Information, stopped.Level);
        Assert.Contains("10 requests were refused in 18 s", stopped.Message, StringComparison.Ordinal);

        rig.Time.Pass(60_000);
        Assert.Single(rig.Logger.Of(2));
        rig.Ask(any);
        Assert.Equal(2, rig.Logger.Of(1).Count());
    }

    [Fact]
    public async Task Shedding_IsNotBegunByAClientThatLeaves()
    {
        using var rig = new ShedderRig(Fixed(1));
        RequestClass any = rig.Shedder.ClassOf("any");
        rig.Fill(any, 1);
        using var leaving = new CancellationTokenSource();
        Task<AdmissionLease> waiting = rig.WaitOrLeave(new AdmissionRequest(any), leaving.Token);

        await leaving.CancelAsync();
        await Answer(waiting);

        Assert.Empty(rig.Logger.Records);
    }

    [Fact]
    public void Shedding_InObserveMode_IsNotToldAsIfItWereReal()
    {
        using var rig = new ShedderRig(Fixed(1, Overflow.Reject, o => o.Mode = BackpressureMode.Observe));
        RequestClass any = rig.Shedder.ClassOf("any");
        for (int i = 0; i < 5; i++)
        {
            rig.Ask(any);
        }

        Assert.Empty(rig.Logger.Records);
    }

    [Fact]
    public void Limit_AtItsMinimum_IsToldOnceAndWhenItRisesAgain()
    {
        using var rig = new ShedderRig(Fixed(1, change: o => o.Downstreams["Default"].Limit =
            new LimitOptions { Algorithm = LimitAlgorithm.Aimd, Initial = 10, Min = 8, Max = 100 }));
        RequestClass any = rig.Shedder.ClassOf("any");
        Run(Outcome.Dropped, 60);

        FakeLogRecord low = Assert.Single(rig.Logger.Of(3));
        Assert.Equal(LogLevel.Warning, low.Level);
        Assert.Contains("minimum, 8", low.Message, StringComparison.Ordinal);
        Assert.Empty(rig.Logger.Of(4));

        // It is above within a second, and told of when it has stayed there.
        Run(Outcome.Success, 60);
        Assert.Empty(rig.Logger.Of(4));
        Run(Outcome.Success, 200);
        Assert.Equal(LogLevel.Information, Assert.Single(rig.Logger.Of(4)).Level);
        Assert.Single(rig.Logger.Of(3));

        void Run(Outcome outcome, int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                // Three times as many as fit, so that the limit binds.
                AdmissionLease[] leases = [.. Enumerable.Range(0, 30).Select(_ => rig.Ask(new AdmissionRequest(any) { NoWait = true }))];
                rig.Time.Pass(50);
                for (int k = 0; k < leases.Length; k++)
                {
                    leases[k].Complete(outcome);
                }
            }
        }
    }
    [Fact]
    public void Limit_ThatSwingsAtItsMinimum_IsNotToldOfAtEachSwing()
    {
        var logger = new FakeLogger();
        var state = new SheddingState("Db", logger, ticksPerSecond: 1000, turnedAway: static () => 0);
        var bounds = new LimitSettings { Algorithm = LimitAlgorithm.Aimd, Initial = 10, Min = 4, Max = 100 };

        // A swing a second for ten minutes.
        for (long now = 0; now < 600_000; now += 500)
        {
            state.LimitIs(now % 1000 == 0 ? 4 : 6, bounds, now);
        }

        Assert.Equal(3, Assert.Single(logger.Collector.GetSnapshot()).Id.Id);

        state.LimitIs(6, bounds, 600_000);
        state.LimitIs(7, bounds, 609_400);
        Assert.Single(logger.Collector.GetSnapshot());
        state.LimitIs(8, bounds, 609_500);
        Assert.Equal([3, 4], logger.Collector.GetSnapshot().Select(static line => line.Id.Id));
    }
}
