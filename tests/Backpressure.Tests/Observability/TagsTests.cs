using System.Text.RegularExpressions;
using Backpressure.Observability;
using Xunit;

namespace Backpressure.Tests.Observability;

public sealed partial class TagsTests
{
    [Fact]
    public void EveryReason_HasATagOfItsOwn() => AssertTags<RejectionReason>(v => v.Tag());

    [Fact]
    public void EveryDecision_HasATagOfItsOwn() => AssertTags<AdmissionDecision>(v => v.Tag());

    [Fact]
    public void EveryOutcome_HasATagOfItsOwn() => AssertTags<Outcome>(v => v.Tag());

    [Fact]
    public void EveryPriority_HasATagOfItsOwn() => AssertTags<Priority>(v => v.Tag());

    [Fact]
    public void EveryMode_HasATagOfItsOwn() => AssertTags<BackpressureMode>(v => v.Tag());

    private static void AssertTags<T>(Func<T, string> tag)
        where T : struct, Enum
    {
        T[] values = Enum.GetValues<T>();
        string[] tags = [.. values.Select(tag)];

        // Its own name in the form that tags have: MaxWaitElapsed → max_wait_elapsed.
        Assert.Equal(values.Select(v => Words().Replace(v.ToString(), "_$1").ToUpperInvariant()), tags.Select(t => t.ToUpperInvariant()));
        Assert.All(tags, t => Assert.Matches("^[a-z]+(_[a-z]+)*$", t));
        Assert.Equal(tags.Length, tags.Distinct().Count());
        Assert.Throws<ArgumentOutOfRangeException>(() => tag((T)Enum.ToObject(typeof(T), 99)));
    }

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Words();
}
