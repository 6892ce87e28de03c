using System.Runtime.CompilerServices;

namespace Backpressure.Admission;

/// <summary>
/// The few of a lane's queues that a partition may stand in, dealt like cards by its hash (shuffle sharding), four bytes in
/// one number. Queue 0 is kept for those that are nobody's.
/// </summary>
/// <remarks>
/// With 4 out of 255, two partitions share all of their queues once in 172 million, and a partition has a queue that none of
/// ten heavy ones stands in but for 4 cases in 10 000. Source: Kubernetes, API Priority and Fairness, "shuffle sharding".
/// </remarks>
internal readonly record struct PartitionHand(uint Packed)
{
    /// <summary>Queues in a lane.</summary>
    public const int Queues = 256;

    /// <summary>Queues in a hand.</summary>
    public const int Size = 4;

    public bool IsNobodys => Packed == 0;

    /// <summary>How many queues it has: nobody's has the one.</summary>
    public int Count => Packed == 0 ? 1 : Size;

    public int this[int index] => (byte)(Packed >> (8 * index));

    public static PartitionHand Of(ulong partition) => partition == 0 ? default : Deal(partition);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static PartitionHand Deal(ulong partition)
    {
        // Each card is drawn from those that are left: its number among them (the whole part of a fraction times how many, whose
        // rest is the next fraction), then past those that lie below it, in their order.
        ulong rest = PartitionHash.Mix(partition);
        uint first = Draw(ref rest, Queues - 1);
        uint second = Draw(ref rest, Queues - 2);
        second += second >= first ? 1u : 0u;
        (uint low, uint high) = first < second ? (first, second) : (second, first);
        uint third = Draw(ref rest, Queues - 3);
        third += third >= low ? 1u : 0u;
        third += third >= high ? 1u : 0u;
        uint middle = Math.Clamp(third, low, high);
        (low, high) = (Math.Min(low, third), Math.Max(high, third));
        uint fourth = Draw(ref rest, Queues - 4);
        fourth += fourth >= low ? 1u : 0u;
        fourth += fourth >= middle ? 1u : 0u;
        fourth += fourth >= high ? 1u : 0u;
        return new PartitionHand(first | (second << 8) | (third << 16) | (fourth << 24));
    }

    // From 1: queue 0 is nobody's.
    private static uint Draw(ref ulong rest, uint left) => (uint)Math.BigMul(rest, left, out rest) + 1;
}
