namespace FlashSale.Report;

/// <summary>All that the chart shows.</summary>
internal sealed record ChartData(double CapacityPerSecond, double OfferedPerSecond, double CheckoutsPerSecond, IReadOnlyList<ChartRow> Rows)
{
    public static ChartData From(Playbill playbill) => new(
        playbill.Capacity.RequestsPerSecond,
        playbill.Capacity.OfferedPerSecond,
        playbill.Capacity.OfferedPerSecond * Scenario.Checkout.Share,
        [
            ChartRow.From(playbill.Naive, "Unbounded queue"),
            ChartRow.From(playbill.Limiter, $"UseRateLimiter, tuned: {playbill.Limiter.Act.PermitLimit} at once, {playbill.Limiter.Act.QueueLimit} waiting"),
            ChartRow.From(playbill.Reject, "UseBackpressure, all on Reject"),
            ChartRow.From(playbill.Backpressure, "UseBackpressure: checkouts block, the rest is shed"),
        ]);
}
