namespace FlashSale.Dependencies;

/// <summary>What the parent process tells the payment provider.</summary>
/// <param name="ChecksPerSecond">What its contract with the shop is for; at least 1.</param>
internal sealed record PaymentsSettings(int ChecksPerSecond);
