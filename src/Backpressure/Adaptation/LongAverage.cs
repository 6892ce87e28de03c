namespace Backpressure.Adaptation;

/// <summary>
/// A plain mean of the first 10 values, then an exponential one of the last <paramref name="Window"/> or so
/// (weight 2 / (window + 1)).
/// </summary>
/// <param name="Window">Values.</param>
/// <param name="Value">0 before the first.</param>
/// <param name="Count">Values taken, up to 10.</param>
internal readonly record struct LongAverage(int Window, double Value = 0, int Count = 0)
{
    private const int WarmUp = 10;

    public LongAverage With(double value) => Count < WarmUp
        ? this with { Value = Value + ((value - Value) / (Count + 1)), Count = Count + 1 }
        : this with { Value = Value + ((value - Value) * 2 / (Window + 1)) };
}
