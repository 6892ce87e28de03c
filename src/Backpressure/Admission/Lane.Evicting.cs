namespace Backpressure.Admission;

/// <content>Who goes.</content>
internal sealed partial class Lane
{
    /// <summary>
    /// From here on weight goes before the cohort. Less would let a light partition go for its neighbours' weight: those that
    /// share queues with it add to its account (in the tests' crowd, a factor of 2 makes two services agree on 63 % in place of
    /// 80 %).
    /// </summary>
    private const int ClearlyHeavier = 4;

    /// <summary>
    /// Who goes when one too many is here: of the partitions that stand at the end of a queue, the lowest cohort's, or the
    /// heaviest's where that is more than <see cref="ClearlyHeavier"/> times as heavy, or the cohorts are alike.
    /// </summary>
    /// <param name="newcomer">The one who wants a place of this lane; null: it is of a higher priority, so somebody has to go.</param>
    /// <param name="newestFirst">The order in force: whoever would be served last goes.</param>
    /// <returns>Null: nobody, or the newcomer itself.</returns>
    public Waiter? FindVictim(in Newcomer? newcomer, bool newestFirst)
    {
        if (_order is null && newcomer is null)
        {
            // There is one queue, so nothing to compare.
            return _queues[0].Evictable(newestFirst) ?? _nested.Newest;
        }

        // At equal weight and cohort the newcomer goes, or two of a kind would take turns in throwing each other out.
        var low = default(Candidate);
        var heavy = default(Candidate);
        if (newcomer is { } asking)
        {
            low = heavy = new Candidate(null, LoadOf(asking.Hand) + asking.Work, asking.Cohort);
        }

        bool any = newcomer is not null;
        for (int i = _active.Next(0); i >= 0; i = _active.Next(i + 1))
        {
            if (_queues[i].Evictable(newestFirst) is not { } waiter)
            {
                continue;
            }

            var candidate = new Candidate(waiter, LoadOf(waiter.Hand), waiter.Cohort);
            if (!any || candidate.IsHeavierThan(heavy, newestFirst))
            {
                heavy = candidate;
            }

            if (!any || candidate.Cohort < low.Cohort || (candidate.Cohort == low.Cohort && candidate.IsHeavierThan(low, newestFirst)))
            {
                low = candidate;
            }

            any = true;
        }

        if (!any)
        {
            return _nested.Newest;
        }

        return heavy.Load / ClearlyHeavier > low.Load ? heavy.Waiter : low.Waiter;
    }

    // What a partition has had before the others, and what it waits for.
    private long LoadOf(PartitionHand hand)
    {
        long least = long.MaxValue;
        for (int i = 0; i < hand.Count; i++)
        {
            int index = hand[i];
            long load = index < _queues.Length ? Math.Max(0, _queues[index].Paid - _fair) + _queues[index].Owed : 0;
            least = Math.Min(least, load);
        }

        return least;
    }

    private readonly record struct Candidate(Waiter? Waiter, long Load, byte Cohort)
    {
        /// <summary>At equal weight the one who would be served last: the newest, or the oldest where the newest go first.</summary>
        public bool IsHeavierThan(in Candidate other, bool newestFirst) =>
            Load != other.Load ? Load > other.Load
            : other.Waiter is not null && Waiter!.Order > other.Waiter.Order != newestFirst;
    }
}

/// <summary>One who has come and has no place yet.</summary>
internal readonly record struct Newcomer(PartitionHand Hand, long Work, byte Cohort, bool Nested = false);
