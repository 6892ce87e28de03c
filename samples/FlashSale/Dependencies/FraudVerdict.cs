namespace FlashSale.Dependencies;

/// <summary>What the payment provider says of an order.</summary>
/// <param name="Clear">Nothing is suspicious about it.</param>
internal sealed record FraudVerdict(bool Clear);
