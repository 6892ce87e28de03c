namespace FlashSale.Dependencies;

/// <summary>An order as the log has it.</summary>
/// <param name="Id">The order's.</param>
/// <param name="Product">What is to be picked.</param>
/// <param name="Clear">Whether it was found to be clear; if not, somebody looks at it first.</param>
internal sealed record LoggedOrder(Guid Id, int Product, bool Clear);
