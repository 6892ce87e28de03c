namespace FlashSale.Load;

/// <summary>What came back for one request.</summary>
internal readonly record struct Answer(Ending Ending, short Status = 0, short RetryAfterSeconds = 0);
