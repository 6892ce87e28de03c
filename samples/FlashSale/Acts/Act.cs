using FlashSale.Shop;

namespace FlashSale.Acts;

/// <summary>One app under one load.</summary>
/// <param name="Name">As tables, chart and JSON show it.</param>
/// <param name="Protection">What stands between clients and pool.</param>
internal sealed record Act(string Name, Protection Protection)
{
    public int PermitLimit { get; init; }

    public int QueueLimit { get; init; }

    public bool CheckoutsOnly { get; init; }

    public TimeSpan WarmUp { get; init; } = Scenario.WarmUp;

    public TimeSpan Length { get; init; } = Scenario.ActLength;
}
