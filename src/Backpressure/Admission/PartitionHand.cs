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

    private static PartitionHand Deal(ulong partition)
    {
        // Each card is drawn from those that are left: its number among them, then past those that lie below it.
        ulong cards = PartitionHash.Mix(partition);
        Span<byte> dealt = stackalloc byte[Size];
        uint packed = 0;
        for (int i = 0; i < Size; i++)
        {
            uint left = (uint)(Queues - 1 - i);
            (cards, ulong drawn) = Math.DivRem(cards, left);
            int card = (int)drawn + 1;
            int place = 0;
            while (place < i && dealt[place] <= card)
            {
                card++;
                place++;
            }

            dealt[place..i].CopyTo(dealt[(place + 1)..]);
            dealt[place] = (byte)card;
            packed |= (uint)card << (8 * i);
        }

        return new PartitionHand(packed);
    }
}
