namespace FlashSale.Shop;

/// <summary>What a client buys. It chooses the id, so that it can look for its order afterwards.</summary>
internal sealed record Order(Guid Id, int Product);

/// <summary>What a page view leaves behind, as it came over the wire.</summary>
internal sealed record AnalyticsEvent(Guid Id, byte[] Body);
