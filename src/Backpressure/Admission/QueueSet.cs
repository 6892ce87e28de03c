using System.Numerics;
using System.Runtime.CompilerServices;

namespace Backpressure.Admission;

/// <summary>Which of a lane's queues somebody stands in.</summary>
internal struct QueueSet
{
    private const int WordBits = 64;

    private Words _words;

    public int Count { get; private set; }

    public void Add(int queue)
    {
        _words[queue / WordBits] |= 1ul << queue;
        Count++;
    }

    public void Remove(int queue)
    {
        _words[queue / WordBits] &= ~(1ul << queue);
        Count--;
    }

    /// <summary>The first member that is not below <paramref name="from"/>; -1: none.</summary>
    public readonly int Next(int from)
    {
        for (int word = from / WordBits; word < PartitionHand.Queues / WordBits; word++)
        {
            ulong members = _words[word];
            if (word == from / WordBits)
            {
                members &= ulong.MaxValue << from;
            }

            if (members != 0)
            {
                return (word * WordBits) + BitOperations.TrailingZeroCount(members);
            }
        }

        return -1;
    }

    [InlineArray(PartitionHand.Queues / WordBits)]
    private struct Words
    {
        private ulong _element;
    }
}
