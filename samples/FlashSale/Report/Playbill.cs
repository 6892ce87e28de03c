using FlashSale.Acts;

namespace FlashSale.Report;

/// <summary>Everything that was played.</summary>
internal sealed record Playbill(Capacity Capacity, ActResult Naive, ActResult Limiter, ActResult Reject, ActResult Backpressure, ActResult Reference)
{
    public IReadOnlyList<ActResult> Acts => [Naive, Limiter, Reject, Backpressure];
}
