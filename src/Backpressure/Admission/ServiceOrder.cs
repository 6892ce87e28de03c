using System.Runtime.CompilerServices;

namespace Backpressure.Admission;

/// <summary>
/// Which of a lane's queues has been served least; of those, the one with the oldest waiter. A tournament between the queues:
/// who wins is known at once, and a change is played again only as far up as it matters. Guarded by its gate's lock.
/// </summary>
/// <remarks>Source: Knuth, "The Art of Computer Programming", volume 3, 5.4.1, trees of winners.</remarks>
internal sealed class ServiceOrder
{
    private const int Root = 1;

    private readonly Key[] _keys = new Key[PartitionHand.Queues];

    // The winner of each match: of 1 is the final, of n are played 2n and 2n + 1, and the queues stand below the last.
    private readonly byte[] _winners = new byte[PartitionHand.Queues];

    public ServiceOrder()
    {
        Array.Fill(_keys, Key.Last);
        for (int match = _winners.Length - 1; match >= Root; match--)
        {
            int below = 2 * match;
            _winners[match] = below < _winners.Length ? _winners[below] : (byte)(below - _winners.Length);
        }
    }

    /// <summary>The first queue; any, where none has anybody waiting.</summary>
    public int First => _winners[Root];

    /// <summary>A queue has somebody waiting.</summary>
    /// <param name="queue">Its number.</param>
    /// <param name="paid">What it has been charged with.</param>
    /// <param name="oldest">The order of its oldest waiter.</param>
    public void Set(int queue, long paid, long oldest)
    {
        ref Key key = ref _keys[queue];
        if (key.Paid != paid || key.Oldest != oldest)
        {
            key = new Key(paid, oldest);
            Play(queue);
        }
    }

    /// <summary>A queue that has somebody waiting has been charged with more, or less.</summary>
    public void Move(int queue, long paid) => Set(queue, paid, _keys[queue].Oldest);

    /// <summary>Nobody waits in a queue.</summary>
    public void Clear(int queue)
    {
        _keys[queue] = Key.Last;
        Play(queue);
    }

    private void Play(int queue)
    {
        byte[] winners = _winners;
        int winner = Better(queue, queue ^ 1);
        int match = (winners.Length + queue) / 2;
        while (true)
        {
            if (winner != queue && winners[match] == winner)
            {
                // It stood there before, and nothing about it has changed.
                return;
            }

            winners[match] = (byte)winner;
            if (match == Root)
            {
                return;
            }

            winner = Better(winner, winners[match ^ 1]);
            match /= 2;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Better(int one, int other)
    {
        ref readonly Key first = ref _keys[one];
        ref readonly Key second = ref _keys[other];
        bool isFirst = first.Paid != second.Paid ? first.Paid < second.Paid : first.Oldest < second.Oldest;
        return isFirst ? one : other;
    }

    private readonly record struct Key(long Paid, long Oldest)
    {
        public static Key Last => new(long.MaxValue, long.MaxValue);
    }
}
