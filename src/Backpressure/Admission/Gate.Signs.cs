namespace Backpressure.Admission;

/// <content>What lets others decide in its place for a moment: see <c>FullSign</c> and <c>Sampling</c>.</content>
internal sealed partial class Gate
{
    /// <summary>How many have completed, modulo 2^<see cref="GateWord.SequenceBits"/>.</summary>
    public uint Sequence => (_word.Sequence + Volatile.Read(ref _passedOn)) & GateWord.SequenceMask;

    /// <summary>When units were last handed over, or could have been; or a later time that was noted.</summary>
    public long HandedOverAt => Volatile.Read(ref _latest);

    /// <summary>Lets <see cref="HandedOverAt"/> be no earlier than this.</summary>
    public void NoteTime(long now)
    {
        using (_lock.Hold())
        {
            NoteTimeLocked(now);
        }
    }

    /// <summary>Books returns for those that were turned away without asking.</summary>
    /// <returns>Seconds until the next slot, for <see cref="RetryAfterBook.Told"/>.</returns>
    public double BookAll(Priority priority, long count, long now)
    {
        using (_lock.Hold())
        {
            return _book.BookAll(priority, count, _queue.CountDownTo(priority), RateLocked(), now);
        }
    }

    private void NoteTimeLocked(long now)
    {
        if (now > _latest)
        {
            Volatile.Write(ref _latest, now);
        }
    }
}
