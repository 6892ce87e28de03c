namespace Backpressure.Observability;

/// <summary>A total that many cores add to without fighting over one cache line; reading sums the stripes.</summary>
internal sealed class StripedCounter
{
    // Two lines apart: processors fetch lines in pairs.
    private const int Stride = 128 / sizeof(long);

    private static readonly int Stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 16));

    private readonly long[] _cells = new long[(Stripes + 1) * Stride];

    public long Total
    {
        get
        {
            long total = 0;
            for (int i = 0; i < Stripes; i++)
            {
                total += Volatile.Read(ref _cells[(i + 1) * Stride]);
            }

            return total;
        }
    }

    public void Increment() =>
        Interlocked.Increment(ref _cells[((Thread.GetCurrentProcessorId() & (Stripes - 1)) + 1) * Stride]);
}
