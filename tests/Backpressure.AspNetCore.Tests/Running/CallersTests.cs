using Backpressure.AspNetCore.Running;

namespace Backpressure.AspNetCore.Tests.Running;

public sealed class CallersTests
{
    private readonly Callers _callers = new();

    [Fact]
    public void OneAlone_HasAll() => Assert.Equal(7, Share(_callers, 1, 7, TimeSpan.Zero));

    [Fact]
    public void Several_ShareEvenly_AndWhatDoesNotDivideGoesRound()
    {
        for (ulong caller = 1; caller <= 3; caller++)
        {
            Share(_callers, caller, 0, TimeSpan.Zero);
        }

        int[] shares = [.. Enumerable.Range(0, 300).Select(i => Share(_callers, (ulong)(1 + (i % 3)), 7, TimeSpan.Zero))];
        Assert.Equal(700, shares.Sum());
        Assert.All(shares, static share => Assert.InRange(share, 2, 3));
    }

    [Fact]
    public void WhoHasGone_IsForgotten()
    {
        Share(_callers, 1, 0, TimeSpan.FromSeconds(10));
        Share(_callers, 2, 0, TimeSpan.FromSeconds(10));
        Assert.Equal(4, Share(_callers, 1, 8, TimeSpan.FromSeconds(11)));
        Assert.Equal(8, Share(_callers, 1, 8, TimeSpan.FromSeconds(12)));
        Assert.Equal(8, Share(_callers, 2, 8, TimeSpan.FromSeconds(100)));
    }

    private static int Share(Callers callers, ulong caller, int room, TimeSpan now)
    {
        Span<int> share = [room];
        callers.TakeShare(caller, share, now);
        return share[0];
    }
}
