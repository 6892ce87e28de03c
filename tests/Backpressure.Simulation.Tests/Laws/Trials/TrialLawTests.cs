using Backpressure.Adaptation;
using Backpressure.Configuration;
using Backpressure.Measurement;
using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Laws.Trials;
using Backpressure.Simulation.Plants;
using Backpressure.Tests.Adaptation;
using Xunit;

namespace Backpressure.Simulation.Tests.Laws.Trials;

/// <summary>The laws on trial, on windows without noise: each must find the knee, or its trial would be no fair one.</summary>
public class TrialLawTests
{
    private static readonly LimitSettings _settings = new() { Algorithm = LimitAlgorithm.Adaptive, Initial = 20, Min = 1, Max = 1000 };

    public static TheoryData<string, int, int> Starts { get; } = new(
        from law in LawUnderTest.Trials
        from initial in new[] { 1, 20 }
        from knee in new[] { 8, 20, 60 }
        select (law.Name, initial, knee));

    public static TheoryData<string> Names { get; } = new(LawUnderTest.Trials.Select(l => l.Name));

    [Theory]
    [MemberData(nameof(Starts))]
    public void Step_AlwaysBound_FindsTheKnee(string name, int initial, int knee)
    {
        ILimitLaw law = Create(name, initial);

        Pass(law, 120, knee);

        Assert.InRange(Pass(law, 60, knee) / knee, 0.8, 1.2);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_WhenCapacityGoes_FollowsItDown(string name)
    {
        ILimitLaw law = Create(name, 20);
        Pass(law, 120, 20);

        Pass(law, 40, 6);

        Assert.InRange(Pass(law, 40, 6) / 6, 0.7, 1.4);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_WhenLatencyGrowsWithoutCongestion_DoesNotStayLow(string name)
    {
        ILimitLaw law = Create(name, 20);
        Pass(law, 120, 20);

        Pass(law, 40, 80, slower: 4);

        Assert.True(Pass(law, 40, 80, slower: 4) > 40);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_WhatTeachesNothing_MovesNothing(string name)
    {
        ILimitLaw law = Create(name, 20);

        Assert.Equal(LimitReason.Hold, law.Step(TestWindow.Of(40, 3, 20, shadow: true)).Reason);
        Assert.Equal(LimitReason.Hold, law.Step(TestWindow.Of(10, 3, 10)).Reason);
        Assert.Equal(LimitReason.Hold, law.Step(TestWindow.Of(20, 3, 20, completions: 2)).Reason);
        LimitDecision idle = law.Step(TestWindow.Of(3, 1, 20, bound: false));
        Assert.Equal((Ground.Believed, LimitReason.NotBound), (idle.Limit, idle.Reason));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_WhenDropped_CutsByATenth(string name)
    {
        LimitDecision decision = Create(name, 10).Step(TestWindow.Of(10, 1, 10, dropped: 10));

        Assert.Equal((9, LimitReason.Dropped), (decision.Limit, decision.Reason));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_FromAnInitialLimitOfAThousand_BelievesAFewOfIt(string name)
    {
        ILimitLaw law = Create(name, 1000);

        Assert.Equal(Ground.Believed, law.Current.Limit);
        Assert.Equal(5, law.Reconfigure(_settings with { Max = 5 }).Limit);
    }

    [Fact]
    public void Alarm_OfWhatMoreInFlightDid_KeepsSilent_AndOfAJumpLooksWhenItIsSteady()
    {
        Alarm alarm = Alarm.None.With(TestWindow.Of(20, 1, 20)).Next;

        Assert.False(alarm.With(TestWindow.Of(40, 2.5, 40)).Look);
        (Alarm young, bool look, bool wait) = alarm.With(TestWindow.Of(20, 3, 20, latencyStretch: 1.5));
        Assert.Equal((false, true), (look, wait));
        Assert.True(young.With(TestWindow.Of(20, 3, 20, latencyStretch: 1.5)).Look);
        Assert.True(alarm.With(TestWindow.Of(20, 3, 20)).Look);
    }

    [Fact]
    public void PowerEvidence_IsForMore_WherePowerRises_AndNeverBeyondItsBound()
    {
        PowerPoint here = new(Math.Log(10), 0, 0.01);

        Assert.True(here.EvidenceTo(new(Math.Log(12), 0.1, 0.01)) > 0);
        Assert.True(here.EvidenceTo(new(Math.Log(12), -0.1, 0.01)) < 0);
        Assert.Equal(here.EvidenceTo(new(Math.Log(8), 1, 1e-9)), -here.EvidenceTo(new(Math.Log(12), 1, 1e-9)), 9);
        Assert.Equal(0, default(PowerPoint).EvidenceTo(here));
    }

    [Fact]
    public void MarginalEvidence_WeighsStepsByWhatTheySay_AndIsHeldByItsPrior()
    {
        OperatingPoint low = new(10, 10, 0.05);
        MarginalEvidence paid = default(MarginalEvidence).With(low, new(20, 20, 0.05));
        MarginalEvidence noisy = paid.With(low, new(20, 10, 1));

        Assert.Equal(1, paid.Mean(0.5, 0), 9);
        Assert.InRange(noisy.Mean(0.5, 0), 0.99, 1);
        Assert.InRange(paid.Mean(0.5, 1000), 0.5, 0.6);
        Assert.True(paid.Faded(0.5).Error > paid.Error);
        Assert.Equal(default, default(MarginalEvidence).With(low, low));
    }

    [Fact]
    public void BottleneckRate_IsForgottenAfterTwoSpans()
    {
        Extreme rate = new Extreme(3).With(9);
        for (int i = 0; i < 5; i++)
        {
            rate = rate.With(5);
            Assert.Equal(9, rate.Value);
        }

        Assert.Equal(5, rate.With(5).Value);
    }

    private static ILimitLaw Create(string name, int initial) =>
        LawUnderTest.Trials.Single(l => l.Name == name).Create!(_settings with { Initial = initial });

    /// <returns>The mean limit, looks aside.</returns>
    private static double Pass(ILimitLaw law, int windows, int knee, double slower = 1)
    {
        double sum = 0;
        for (int i = 0; i < windows; i++)
        {
            int limit = law.Current.Limit;
            double rate = PlantSpec.WorkRate(limit, knee, 0.3) / slower;
            WindowSummary window = TestWindow.Of(limit, limit / rate, limit, completions: 100, noise: 0.05, seconds: 0.2);
            sum += law.Step(window).Nominal;
        }

        return sum / windows;
    }
}
