using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Backpressure.RateLimiting;
using Xunit;

namespace Backpressure.Tests.RateLimiting;

public sealed class PartitionKeyTests
{
    private static readonly string s_long = new('k', PartitionKey.MaxLength + 1);

    [Theory]
    [InlineData(1)]
    [InlineData(PartitionKey.MaxLength)]
    [InlineData(PartitionKey.MaxLength + 1)]
    [InlineData(100_000)]
    public void Equals_OfKeysThatDifferInTheirLastCharacter_IsFalse(int length)
    {
        var stem = new string('k', length - 1);
        Assert.NotEqual(new PartitionKey(stem + "a"), new PartitionKey(stem + "b"));
        Assert.Equal(new PartitionKey(stem + "a"), new PartitionKey(stem + "a"));
    }

    [Fact]
    public void Equals_OfALongKeyAndTheTextOfItsHash_IsFalse()
    {
        var hash = Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(s_long.AsSpan())));
        Assert.NotEqual(new PartitionKey(s_long), new PartitionKey(hash));
    }

    [Fact]
    public void Equals_OfNoKeyAndTheEmptyKey_IsFalse()
    {
        Assert.NotEqual(new PartitionKey(null), new PartitionKey(string.Empty));
        Assert.Equal(new PartitionKey(null), new PartitionKey(null));
    }

    [Fact]
    public void Equals_OfKeysThatDifferInCase_IsFalse() => Assert.NotEqual(new PartitionKey("a"), new PartitionKey("A"));
}
