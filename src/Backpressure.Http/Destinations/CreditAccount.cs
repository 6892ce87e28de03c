using System.Runtime.CompilerServices;

namespace Backpressure.Http.Destinations;

/// <summary>
/// What one destination has granted, by priority: a pure core that is told the time and waits for nobody. Until something was
/// granted everything may be sent.
/// </summary>
/// <remarks>
/// <para>A grant is an absolute number and takes the place of the one before, so one that is lost with its response is made good by the next.</para>
/// <para>What one priority may send, a higher one may too, and what it sends is gone for those below.</para>
/// <para>
/// A grant gets old. Where it was not used up, nothing was held back by it and nothing is afterwards; where it was, one call goes to
/// find out, and another each <paramref name="probeTicks"/> until an answer comes: at zero nobody waits for ever.
/// </para>
/// </remarks>
/// <param name="probeTicks">How long a probe is waited for.</param>
internal sealed class CreditAccount(long probeTicks)
{
    private const int Unlimited = int.MaxValue;

    private Numbers _left = Numbers.All(Unlimited);
    private Times _until;

    /// <summary>What may be sent now; <see cref="int.MaxValue"/>: anything.</summary>
    public int LeftOf(Priority priority, long now)
    {
        Forget(now);
        return _left[(int)priority];
    }

    /// <summary>Spends one.</summary>
    /// <param name="priority">For a call of this priority.</param>
    /// <param name="now">The time.</param>
    /// <param name="spent">Of which priorities it was counted, a bit each, so that it can be given back; 0: of none.</param>
    /// <returns>Whether it may be sent.</returns>
    public bool TrySpend(Priority priority, long now, out byte spent)
    {
        Forget(now);
        spent = 0;
        if (_left[(int)priority] == 0)
        {
            return false;
        }

        for (int i = (int)priority; i < Priorities.Count; i++)
        {
            if (_left[i] is > 0 and < Unlimited)
            {
                _left[i]--;
                spent |= (byte)(1 << i);
            }
        }

        return true;
    }

    /// <summary>One that was spent has reached nobody, or its answer says nothing.</summary>
    /// <param name="spent">What it was counted of.</param>
    public void GiveBack(byte spent)
    {
        for (int i = 0; i < Priorities.Count; i++)
        {
            if (_left[i] < Unlimited && (spent & (1 << i)) != 0)
            {
                _left[i]++;
            }
        }

        Order();
    }

    /// <summary>The destination has said what it takes.</summary>
    /// <param name="priority">Of the call that it has answered.</param>
    /// <param name="credits">
    /// How many more of it, and of each below it: else these would wait for an answer of their own while others are served.
    /// </param>
    /// <param name="until">When that is old.</param>
    public void Grant(Priority priority, ReadOnlySpan<int> credits, long until)
    {
        int credit = credits[0];
        for (int i = (int)priority; i < Priorities.Count; i++)
        {
            // Whoever comes after it gets no more than it does.
            credit = Math.Min(credit, credits[i - (int)priority]);
            _left[i] = credit;
            _until[i] = until;
        }

        Order();
    }

    /// <summary>When a grant gets old, of those at which nothing is left; <see cref="long.MaxValue"/>: never.</summary>
    public long NextProbe()
    {
        long next = long.MaxValue;
        for (int i = 0; i < Priorities.Count; i++)
        {
            next = _left[i] == 0 ? Math.Min(next, _until[i]) : next;
        }

        return next;
    }

    public void Reset() => _left = Numbers.All(Unlimited);

    private void Forget(long now)
    {
        for (int i = 0; i < Priorities.Count; i++)
        {
            if (_left[i] < Unlimited && _until[i] <= now)
            {
                _left[i] = _left[i] > 0 ? Unlimited : 1;
                _until[i] = now + probeTicks;
            }
        }

        Order();
    }

    // Nobody has fewer than those below.
    private void Order()
    {
        for (int i = Priorities.Count - 2; i >= 0; i--)
        {
            if (_left[i] < _left[i + 1])
            {
                _left[i] = _left[i + 1];
                _until[i] = _until[i + 1];
            }
        }
    }

    [InlineArray(Priorities.Count)]
    private struct Numbers
    {
        private int _element;

        public static Numbers All(int value)
        {
            Numbers numbers = default;
            ((Span<int>)numbers).Fill(value);
            return numbers;
        }
    }

    [InlineArray(Priorities.Count)]
    private struct Times
    {
        private long _element;
    }
}
