using Backpressure.Http.Destinations;

namespace Backpressure.Http.Tests.Destinations;

public sealed class CreditAccountTests
{
    private const long Probe = 100;

    private readonly CreditAccount _account = new(Probe);

    [Fact]
    public void BeforeAnythingIsGranted_EverythingMayBeSent()
    {
        Assert.True(_account.TrySpend(Priority.Low, 0, out byte spent));
        Assert.Equal(0, spent);
        Assert.Equal(int.MaxValue, _account.LeftOf(Priority.Low, 0));
    }

    [Fact]
    public void AGrant_TakesThePlaceOfTheOneBefore()
    {
        Grant(Priority.Normal, 5, until: 1000);
        Assert.True(_account.TrySpend(Priority.Normal, 0, out byte spent));
        Assert.Equal(0b1100, spent);
        Grant(Priority.Normal, 2, until: 1000);

        Assert.Equal(2, _account.LeftOf(Priority.Normal, 0));
    }

    [Fact]
    public void WhatAHigherPrioritySends_IsGoneForThoseBelow_AndNotTheOtherWayRound()
    {
        Grant(Priority.Critical, 3, until: 1000);
        Grant(Priority.Low, 2, until: 1000);

        Assert.True(_account.TrySpend(Priority.Critical, 0, out _));
        Assert.Equal("2 2 2 1", Left());
        Assert.True(_account.TrySpend(Priority.Low, 0, out _));
        Assert.Equal("2 2 2 0", Left());
        Assert.False(_account.TrySpend(Priority.Low, 0, out _));
        Assert.True(_account.TrySpend(Priority.High, 0, out _));
    }

    [Fact]
    public void WhatALowPriorityMaySend_AHigherOneMayToo()
    {
        Grant(Priority.Critical, 0, until: 1000);
        Grant(Priority.Low, 4, until: 1000);

        Assert.Equal("4 4 4 4", Left());
    }

    [Fact]
    public void AGrantThatTellsOfThoseBelow_LiftsTheirZero()
    {
        Grant(Priority.Normal, 0, until: 1000);
        Assert.False(_account.TrySpend(Priority.Low, 0, out _));
        _account.Grant(Priority.Critical, [9, 7, 5, 2], until: 60);

        Assert.Equal("9 7 5 2", Left());
        Assert.Equal(int.MaxValue, _account.LeftOf(Priority.Normal, 60));
    }

    [Fact]
    public void AGrant_GivesThoseBelowNoMoreThanItself()
    {
        _account.Grant(Priority.High, [3, 5, 9], until: 1000);

        Assert.Equal($"{int.MaxValue} 3 3 3", Left());
    }

    [Fact]
    public void WhatComesBack_MayBeSpentAgain_ByThoseBelowToo()
    {
        Grant(Priority.Normal, 1, until: 1000);
        Assert.True(_account.TrySpend(Priority.Normal, 0, out byte spent));
        Assert.False(_account.TrySpend(Priority.Normal, 0, out _));
        _account.GiveBack(spent);

        Assert.True(_account.TrySpend(Priority.Low, 0, out _));
    }

    [Fact]
    public void WhatComesBack_GivesNothingToThoseBelowThatHadNothing()
    {
        Grant(Priority.Low, 0, until: 1000);
        _account.Grant(Priority.Critical, [2, 2, 2, 0], until: 1000);
        for (int i = 0; i < 5; i++)
        {
            Assert.True(_account.TrySpend(Priority.Critical, 0, out byte spent));
            _account.GiveBack(spent);
        }

        Assert.Equal("2 2 2 0", Left());
    }

    [Fact]
    public void AtZero_OneGoesToFindOutWhenTheGrantIsOld_AndOneMoreEachInterval()
    {
        Grant(Priority.Low, 0, until: 50);

        Assert.False(_account.TrySpend(Priority.Low, 49, out _));
        Assert.Equal(50, _account.NextProbe());
        Assert.True(_account.TrySpend(Priority.Low, 50, out byte spent));
        Assert.NotEqual(0, spent);
        Assert.False(_account.TrySpend(Priority.Low, 50 + Probe - 1, out _));
        Assert.True(_account.TrySpend(Priority.Low, 50 + Probe, out _));
    }

    [Fact]
    public void AGrantThatWasNotUsedUp_HoldsNothingBackWhenItIsOld()
    {
        Grant(Priority.Low, 1, until: 50);

        Assert.Equal(int.MaxValue, _account.LeftOf(Priority.Low, 50));
        Assert.Equal(long.MaxValue, _account.NextProbe());
    }

    [Fact]
    public void OfAllSequences_NoPriorityHasFewerThanOneBelow()
    {
        var random = new Random(1);
        for (int step = 0; step < 20_000; step++)
        {
            var priority = (Priority)random.Next(4);
            switch (random.Next(3))
            {
                case 0:
                    _account.Grant(priority, [.. Enumerable.Range((int)priority, 4 - (int)priority).Select(_ => random.Next(5))], step + random.Next(1, 20));
                    break;
                case 1 when _account.TrySpend(priority, step, out byte spent) && spent != 0 && random.Next(2) == 0:
                    _account.GiveBack(spent);
                    break;
                default:
                    break;
            }

            int[] left = [.. Enum.GetValues<Priority>().Select(p => _account.LeftOf(p, step))];
            Assert.Equal(left.OrderDescending(), left);
            Assert.All(left, static number => Assert.True(number >= 0));
        }
    }

    private void Grant(Priority priority, int credit, long until)
    {
        int[] credits = new int[Priorities.Count - (int)priority];
        Array.Fill(credits, credit);
        _account.Grant(priority, credits, until);
    }

    private string Left() => string.Join(' ', Enum.GetValues<Priority>().Select(priority => _account.LeftOf(priority, 0)));
}
