using Backpressure.Simulation.Plants;
using Xunit;

namespace Backpressure.Simulation.Tests;

public class PlanTests
{
    [Fact]
    public void Of_NothingInParticular_RunsTheSeedsThatAreKeptToReportOn()
    {
        Plan plan = Plan.Of(new Options());

        Assert.Equal(Enumerable.Range(101, 5), plan.Trials.Select(t => t.Seed).Distinct().Order());
        Assert.Equal(PlantList.Groups, plan.Groups.Select((g, i) => g with { Plants = PlantList.Groups[i].Plants }));
        Assert.All(PlantList.Groups.SelectMany(g => g.Plants), plant => Assert.Contains(plan.Trials, t => t.Plant == plant));
    }

    [Fact]
    public void Of_WhatParametersWereSearchedOn_SharesNoSeedAndNoFreshPlantWithTheReport()
    {
        Plan searched = Plan.Of(Options.TheSearched);

        Assert.Empty(searched.Trials.Select(t => t.Seed).Intersect(Plan.Of(new Options()).Trials.Select(t => t.Seed)));
        Assert.Empty(searched.Trials.Select(t => t.Plant).Intersect(PlantList.Fresh.Plants));
        Assert.Equal([PlantList.Others.Name], searched.Groups.Select(g => g.Name));
    }

    [Fact]
    public void Of_Quick_IsAPartOfTheWhole()
    {
        Plan whole = Plan.Of(new Options());
        Plan quick = Plan.Of(Options.TheQuick);

        Assert.Subset(
            whole.Trials.Select(t => (t.Scenario.Title, t.Plant.Name, t.Seed)).ToHashSet(),
            quick.Trials.Select(t => (t.Scenario.Title, t.Plant.Name, t.Seed)).ToHashSet());
        Assert.NotEmpty(quick.Groups);
    }

    // By their names rows of two runs are compared.
    [Fact]
    public void Groups_HaveNoNameTwice()
    {
        string[] names = [.. PlantList.Default.Concat(PlantList.Groups.SelectMany(g => g.Plants)).Select(p => p.Name), .. PlantList.Groups.Select(g => g.Name)];

        Assert.Equal(names.Length, names.Distinct(StringComparer.Ordinal).Count());
    }
}
