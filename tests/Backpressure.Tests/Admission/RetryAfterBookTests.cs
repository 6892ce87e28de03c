using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class RetryAfterBookTests
{
    private const long Second = 10_000_000;

    [Theory]
    [InlineData(200, 10_000_000)]
    [InlineData(500, 10_000_000)]
    [InlineData(200, 1_000_000_000)]
    [InlineData(1000, 1_000)]
    public void Book_FiveThousandRejectedInTenSeconds_ComeBackSpreadOut(int drainPerSecond, long ticksPerSecond)
    {
        var book = new RetryAfterBook(ticksPerSecond, seed: 99);
        int[] returns = new int[50];
        for (int i = 0; i < 5000; i++)
        {
            long now = i * ticksPerSecond / 500;
            int after = book.Book(Priority.Normal, ahead: 0, drainPerSecond, now);
            Assert.InRange(after, 1, 30);
            returns[(now / ticksPerSecond) + after]++;
        }

        Assert.Equal(5000, returns.Sum());
        Assert.All(returns, bin => Assert.InRange(bin, 0, 1.5 * drainPerSecond));
    }

    [Fact]
    public void Book_OfAHerd_TellsEarlyAndLateTimes()
    {
        var book = new RetryAfterBook(Second, seed: 1);
        int[] told = [.. Enumerable.Range(0, 2000).Select(_ => book.Book(Priority.Normal, 0, 100, 0))];

        Assert.Equal(1, told.Min());
        Assert.InRange(told.Max(), 20, 23);
    }

    [Fact]
    public void Book_BeyondTheHorizon_StaysWithinItAndSpreads()
    {
        var book = new RetryAfterBook(Second, seed: 1);
        int[] told = [.. Enumerable.Range(0, 2000).Select(_ => book.Book(Priority.Normal, 0, 10, 0))];

        Assert.All(told, t => Assert.InRange(t, 1, 30));
        Assert.True(told[1000..].Distinct().Count() > 10, "Those beyond the horizon come back together.");
    }

    [Fact]
    public void Book_ByPriority_GivesTheHigherTheEarlierSlots()
    {
        var book = new RetryAfterBook(Second, seed: 3);
        for (int i = 0; i < 1000; i++)
        {
            book.Book(Priority.Low, 0, 100, 0);
        }

        Assert.InRange(book.Book(Priority.Critical, 0, 100, 0), 1, 3);
        Assert.InRange(book.Book(Priority.Low, 0, 100, 0), 10, 13);
        for (int i = 0; i < 1500; i++)
        {
            book.Book(Priority.High, 0, 100, 0);
        }

        // What a higher priority has booked is not free for a lower one; the other way round it is.
        Assert.InRange(book.Book(Priority.Low, 0, 100, 0), 15, 18);
        Assert.InRange(book.Book(Priority.Critical, 0, 100, 0), 1, 3);
    }

    [Fact]
    public void Book_AfterItsTime_IsFreeAgain()
    {
        var book = new RetryAfterBook(Second, seed: 3);
        for (int i = 0; i < 1000; i++)
        {
            book.Book(Priority.Normal, 0, 100, 0);
        }

        Assert.InRange(book.Book(Priority.Normal, 0, 100, 5 * Second), 5, 8);
        Assert.InRange(book.Book(Priority.Normal, 0, 100, 60 * Second), 1, 3);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(5000)]
    public void BookAll_IsAsIfEachHadBooked(int count)
    {
        var one = new RetryAfterBook(Second, seed: 3);
        var all = new RetryAfterBook(Second, seed: 3);
        for (int i = 0; i < count; i++)
        {
            one.Book(Priority.High, 0, 100, 0);
        }

        all.BookAll(Priority.High, count, 0, 100, 0);

        foreach (Priority priority in Enum.GetValues<Priority>())
        {
            double next = all.BookAll(priority, 0, 0, 100, 0);
            Assert.Equal(one.BookAll(priority, 0, 0, 100, 0), next, 9);
            Assert.Equal(priority < Priority.High ? 0 : Math.Min(count / 100.0, RetryAfterBook.MaxSeconds), next, 9);
        }
    }

    [Fact]
    public void Book_CountsThoseWhoWaitAhead()
    {
        var book = new RetryAfterBook(Second, seed: 3);

        Assert.InRange(book.Book(Priority.Normal, ahead: 500, 100, 0), 5, 8);
    }

    [Fact]
    public void Book_WithNothingMeasured_IsAShortSpread()
    {
        var book = new RetryAfterBook(Second, seed: 3);

        Assert.Equal([1, 2], Enumerable.Range(0, 100).Select(_ => book.Book(Priority.Normal, 50, 0, 0)).Distinct().Order());
    }
}
