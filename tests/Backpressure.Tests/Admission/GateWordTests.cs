using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class GateWordTests
{
    [Fact]
    public void Leave_PastTheEndOfTheSequence_WrapsWithoutTouchingTheRest()
    {
        GateWord word = default;
        word.SetLimit(GateWord.MaxUnits);
        word.Enter(5);
        uint first = word.Sequence;
        for (int i = 0; i < (1 << GateWord.SequenceBits) + 3; i++)
        {
            word.Leave(0, out _, out _);
        }

        Assert.Equal((first + 3, 5, GateWord.MaxUnits, false), (word.Sequence, word.InFlight, word.Limit, word.HasWaiters));
    }

    [Fact]
    public void Leave_GivesEachCompletionTheNextNumberAndWhatWasInFlight()
    {
        GateWord word = default;
        word.SetLimit(10);
        word.TryEnter(3);
        word.TryEnter(2);

        Assert.False(word.Leave(3, out uint one, out int before));
        Assert.Equal(5, before);
        word.Leave(2, out uint two, out before);

        Assert.Equal((one + 1, 2, 0), (two, before, word.InFlight));
    }

    [Fact]
    public void EnterOrMarkWaiting_EntersWhenFreeAndMarksWhenFull()
    {
        GateWord word = default;
        word.SetLimit(1);

        Assert.True(word.EnterOrMarkWaiting(1));
        Assert.False(word.EnterOrMarkWaiting(1));
        Assert.True(word.HasWaiters);
        Assert.True(word.Leave(1, out _, out _));

        // Only the queue may have what has come free.
        Assert.False(word.TryEnter(1));
        Assert.True(word.TryEnterFromQueue(1));
        word.ClearWaiters();
        Assert.Equal((1, 1, false), (word.InFlight, word.Limit, word.HasWaiters));
    }

    [Fact]
    public void SetLimit_KeepsWhatIsInFlightAndWhoWaits()
    {
        GateWord word = default;
        word.SetLimit(1);
        word.TryEnter(1);
        word.EnterOrMarkWaiting(1);

        word.SetLimit(GateWord.MaxUnits);

        Assert.Equal((1, GateWord.MaxUnits, true), (word.InFlight, word.Limit, word.HasWaiters));
    }
}
