using System.Runtime.CompilerServices;
using Backpressure.Admission;
using Xunit;

namespace Backpressure.Tests.Admission;

public sealed class GateWordTests
{
    [Fact]
    public void Leave_PastTheEndOfTheSequence_WrapsWithoutTouchingTheRest()
    {
        // As after so many completions, which take a while.
        GateWord word = default;
        WordOf(ref word) = -1L << (64 - GateWord.SequenceBits);
        word.SetLimit(GateWord.MaxUnits);
        word.Enter(5);
        Assert.Equal((1u << GateWord.SequenceBits) - 1, word.Sequence);
        for (int i = 0; i < 3; i++)
        {
            word.Leave(0, out _);
        }

        Assert.Equal((2u, 5, GateWord.MaxUnits, false), (word.Sequence, word.InFlight, word.Limit, word.HasWaiters));
    }

    [Fact]
    public void Leave_CountsEachAndTellsWhatWasInFlight()
    {
        GateWord word = default;
        word.SetLimit(10);
        word.TryEnter(3);
        word.TryEnter(2);

        uint number = word.Sequence;
        Assert.False(word.Leave(3, out int before));
        Assert.Equal((number + 1, 5), (word.Sequence, before));
        word.Leave(2, out before);

        Assert.Equal((number + 2, 2, 0), (word.Sequence, before, word.InFlight));
    }

    [Fact]
    public void EnterOrMarkWaiting_EntersWhenFreeAndMarksWhenFull()
    {
        GateWord word = default;
        word.SetLimit(1);

        Assert.True(word.EnterOrMarkWaiting(1));
        Assert.False(word.EnterOrMarkWaiting(1));
        Assert.True(word.HasWaiters);
        Assert.True(word.Leave(1, out _));

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

    [Theory]
    [InlineData(0, 3, true)]
    [InlineData(7, 3, true)]
    [InlineData(8, 3, false)]
    [InlineData(0, 10, true)]
    [InlineData(1, 10, false)]
    [InlineData(0, 11, true)]
    [InlineData(1, 11, false)]
    [InlineData(11, 1, false)]
    public void Enter_OfACost_NeedsThatMuchRoom_OrAnEmptyGate(int inFlight, int cost, bool fits)
    {
        GateWord free = Word(inFlight);
        Assert.Equal(fits, free.TryEnter(cost));
        Assert.Equal((inFlight + (fits ? cost : 0), false), (free.InFlight, free.HasWaiters));

        GateWord queued = Word(inFlight);
        Assert.Equal(fits, queued.TryEnterFromQueue(cost));
        Assert.Equal((inFlight + (fits ? cost : 0), false), (queued.InFlight, queued.HasWaiters));

        GateWord marked = Word(inFlight);
        Assert.Equal(fits, marked.EnterOrMarkWaiting(cost));
        Assert.Equal((inFlight + (fits ? cost : 0), !fits), (marked.InFlight, marked.HasWaiters));
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    [InlineData(11, true)]
    public void IsFull_WhereNotEvenTheLightestFits(int inFlight, bool full) => Assert.Equal(full, Word(inFlight).IsFull);

    [Fact]
    public void EnterOrMarkWaiting_WhereSomebodyWaits_NeverEnters()
    {
        GateWord word = Word(10);
        Assert.False(word.EnterOrMarkWaiting(1));
        word.Leave(10, out _);

        Assert.False(word.EnterOrMarkWaiting(1));
        Assert.False(word.IsFull);
        Assert.Equal((0, true), (word.InFlight, word.HasWaiters));
    }

    [Theory]
    [InlineData(10, 4, true)]
    [InlineData(11, 4, false)]
    [InlineData(13, 13, true)]
    [InlineData(14, 13, false)]
    public void CanPassOn_UnlessTheLimitHasComeDown(int inFlight, int cost, bool passes)
    {
        GateWord word = Word(inFlight);

        Assert.Equal(passes, word.CanPassOn(cost, out int seen));

        Assert.Equal((inFlight, inFlight), (seen, word.InFlight));
    }

    [Fact]
    public void TryAdd_WhateverTheLimit_TakesUnitsWhileTheyCanBeCounted()
    {
        GateWord word = Word(10);
        Assert.True(word.TryAdd(5));
        Assert.Equal(15, word.InFlight);
        Assert.True(word.TryAdd(GateWord.MaxUnits - 15));
        Assert.False(word.TryAdd(1));
        Assert.Equal((GateWord.MaxUnits, 10, false), (word.InFlight, word.Limit, word.HasWaiters));
    }

    [Fact]
    public void GiveBack_IsNoCompletion_AndTellsWhetherSomebodyWaits()
    {
        GateWord word = Word(10);
        uint number = word.Sequence;
        Assert.False(word.GiveBack(1));
        word.Enter(1);
        word.EnterOrMarkWaiting(1);
        Assert.True(word.GiveBack(4));
        Assert.Equal((6, number, true), (word.InFlight, word.Sequence, word.HasWaiters));
    }

    // Each way of moving it, met by the others: what one has lost to another it must try again.
    [Fact]
    public async Task EveryOperation_ByManyAtOnce_LosesNoUnit()
    {
        var shared = new StrongBox<GateWord>(Word(0));
        int rounds = Effort.Of(200_000);
        int completed = 0;
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < rounds; i++)
            {
                ref GateWord word = ref shared.Value;
                int units = 0;
                units += word.TryEnter(1) ? 1 : 0;
                units += word.TryEnterFromQueue(2) ? 2 : 0;
                units += word.EnterOrMarkWaiting(1) ? 1 : 0;
                units += word.TryAdd(3) ? 3 : 0;
                word.SetLimit(10 + (i % 3));
                Interlocked.Increment(ref completed);
                word.ClearWaiters();
                word.GiveBack(1);
                word.Leave(units - 1, out int _);
            }
        })));

        Assert.Equal((0, (uint)completed), (shared.Value.InFlight, shared.Value.Sequence));
        Assert.InRange(shared.Value.Limit, 10, 12);
    }

    // A line before it and one after it are nobody else's.
    [Fact]
    public void Word_HasACacheLineOfItsOwn()
    {
        Assert.Equal(192, Unsafe.SizeOf<GateWord>());
        GateWord word = default;
        Assert.Equal(64, Unsafe.ByteOffset(ref Unsafe.As<GateWord, long>(ref word), ref WordOf(ref word)));
    }

    private static GateWord Word(int inFlight)
    {
        GateWord word = default;
        word.SetLimit(10);
        word.Enter(inFlight);
        return word;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_word")]
    private static extern ref long WordOf(ref GateWord word);
}
