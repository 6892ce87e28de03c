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

    // Written down: the laboratory's runs are those of every version.
    [Fact]
    public void Book_ByItsSeed_IsTheSameInEveryVersion()
    {
        var book = new RetryAfterBook(Second, seed: 98);

        Assert.Equal(
            "1211212222212122212121122121111212112221111221212111111221121221",
            string.Concat(Enumerable.Range(0, 64).Select(_ => book.Book(Priority.Normal, 0, 0, 0))));
    }

    [Theory]
    [InlineData(-1, 0.499, 1)]
    [InlineData(-1, 0.5, 2)]
    [InlineData(0, 0, 1)]
    [InlineData(0, 0.5, 1)]
    [InlineData(0, 0.501, 2)]
    [InlineData(12.5, 0, 13)]
    [InlineData(12.5, 0.5, 14)]
    [InlineData(29.9, 0.999, 30)]
    [InlineData(30, 0, 30)]
    [InlineData(30, 0.999, 16)]
    public void Told_IsTheSlotAndUpToTwoSeconds_OrTheLaterHalfOfTheHorizon(double seconds, double unit, int expected) =>
        Assert.Equal(expected, RetryAfterBook.Told(seconds, unit));

    [Fact]
    public void BookAll_AtAndBelowTheHorizon_BooksOnlyWhatIsTold()
    {
        var book = new RetryAfterBook(Second, seed: 3);
        Assert.Equal(0, book.BookAll(Priority.Normal, 2900, 0, 100, 0), 9);
        Assert.Equal(29, book.BookAll(Priority.Normal, 100, 0, 100, 0), 9);

        // Booked out: nothing is booked behind it, so that a slot is free a second later.
        Assert.Equal(30, book.BookAll(Priority.Normal, 100, 0, 100, 0), 9);
        Assert.Equal(29, book.BookAll(Priority.Normal, 0, 0, 100, Second), 9);
        Assert.True(book.BookAll(Priority.Normal, 1, 0, 0, 0) < 0, "Nothing is known.");

        // More than one a tick cannot be told apart.
        Assert.Equal(2.0 / Second, new RetryAfterBook(Second, seed: 3).BookAll(Priority.Normal, 1, 2, 10.0 * Second, 0), 12);
    }
}
