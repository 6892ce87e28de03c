using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class PartitionHashTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_NoKey_IsNobodys() => Assert.Equal(0ul, PartitionHash.Of(null));

    [Theory]
    [InlineData("alice", 16328099168063827017ul)]
    [InlineData("", 13331581593930102267ul)]
    public void Of_AKey_IsTheSameInEveryProcess(string key, ulong expected)
    {
        // Written down: another number would make services of two versions disagree on whom to send away.
        Assert.Equal(expected, PartitionHash.Of(key));
    }

    [Fact]
    public void Of_TheSameKeyOfOtherKinds_IsAnother() =>
        Assert.Equal(256, Enumerable.Range(0, 256).Select(kind => PartitionHash.Of((byte)kind, "key")).Distinct().Count());

    [Theory]
    [InlineData(1, 82)]
    [InlineData(16328099168063827017, 8)]
    [InlineData(ulong.MaxValue, 118)]
    public void CohortOf_AUser_IsTheSameInEveryService(ulong user, byte expected) =>
        Assert.Equal(expected, PartitionHash.CohortOf(user, Noon));

    [Fact]
    public void CohortOf_AUser_IsTheSameForAnHourAndAnotherInTheNext()
    {
        ulong[] users = [.. Enumerable.Range(0, 1000).Select(i => PartitionHash.Of($"user-{i}"))];

        Assert.All(users, user => Assert.Equal(PartitionHash.CohortOf(user, Noon), PartitionHash.CohortOf(user, Noon.AddMinutes(59.9))));
        Assert.InRange(users.Count(user => PartitionHash.CohortOf(user, Noon) == PartitionHash.CohortOf(user, Noon.AddHours(1))), 0, 25);
    }
}
