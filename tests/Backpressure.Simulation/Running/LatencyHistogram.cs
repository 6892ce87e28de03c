namespace Backpressure.Simulation.Running;

/// <summary>Counts of latencies in buckets 0.8 % wide, from 30 µs to an hour.</summary>
internal sealed class LatencyHistogram
{
    private const int BitsPerOctave = 7;
    private const int Octaves = 28;
    private const int LowestExponent = -15;

    private readonly int[] _counts = new int[Octaves << BitsPerOctave];

    public int Count { get; private set; }

    public void Add(double seconds)
    {
        Count++;
        _counts[Math.Clamp(BucketOf(seconds), 0, _counts.Length - 1)]++;
    }

    /// <summary>The latency that this part of all does not exceed; 0 when there is none.</summary>
    public double Quantile(double part)
    {
        long wanted = (long)Math.Ceiling(part * Count);
        long seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= wanted && seen > 0)
            {
                return MiddleOf(bucket);
            }
        }

        return 0;
    }

    private static int BucketOf(double seconds)
    {
        // The exponent and the first bits of the mantissa are the bucket.
        long bits = BitConverter.DoubleToInt64Bits(seconds);
        return (int)(bits >> (52 - BitsPerOctave)) - ((LowestExponent + 1023) << BitsPerOctave);
    }

    private static double MiddleOf(int bucket)
    {
        long bits = (bucket + ((long)(LowestExponent + 1023) << BitsPerOctave)) << (52 - BitsPerOctave);
        return BitConverter.Int64BitsToDouble(bits) * (1 + (1.0 / (2 << BitsPerOctave)));
    }
}
