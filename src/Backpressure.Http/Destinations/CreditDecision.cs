namespace Backpressure.Http.Destinations;

/// <summary>What became of a wait for a credit, and what is to be given back if the answer is lost.</summary>
/// <param name="Answer">What became of it.</param>
/// <param name="Spent">Of which priorities it was counted, a bit each.</param>
internal readonly record struct CreditDecision(CreditAnswer Answer, byte Spent);
