namespace Backpressure.Http.Tests;

public sealed class RetryBudgetTests
{
    [Fact]
    public void Retries_AreATenthOfFirstAttempts_BeyondTheBurst()
    {
        var budget = new RetryBudget();
        int retries = 0;
        for (int i = 0; i < 10_000; i++)
        {
            budget.NoteFirstAttempt();
            while (budget.TryRetry())
            {
                retries++;
            }
        }

        // The first of all found it full and brought nothing.
        Assert.Equal(1009, retries);
    }

    [Fact]
    public void WhatIsSavedUp_IsBounded()
    {
        var budget = new RetryBudget(0.5, 3);
        for (int i = 0; i < 100; i++)
        {
            budget.NoteFirstAttempt();
        }

        Assert.Equal(3, budget.Available);
    }

    [Fact]
    public async Task ManyThreads_SpendNoTokenTwice()
    {
        var budget = new RetryBudget(0.001, 1000);
        int granted = 0;
        await Task.WhenAll([.. Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                if (budget.TryRetry())
                {
                    Interlocked.Increment(ref granted);
                }
            }
        }))]);

        Assert.Equal(1000, granted);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1.1, 10)]
    [InlineData(double.NaN, 10)]
    [InlineData(0.1, 0)]
    [InlineData(0.1, 1001)]
    public void OutOfRange_IsRefused(double ratio, int burst) => Assert.Throws<ArgumentOutOfRangeException>(() => new RetryBudget(ratio, burst));
}
