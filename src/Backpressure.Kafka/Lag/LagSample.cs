namespace Backpressure.Kafka.Lag;

/// <summary>A lag; NaN where it is not known.</summary>
/// <param name="Messages">Messages not yet done.</param>
/// <param name="Seconds">How long they take at the rate at which messages were done lately.</param>
internal sealed record LagSample(double Messages, double Seconds)
{
    public static readonly LagSample Unknown = new(double.NaN, double.NaN);
}
