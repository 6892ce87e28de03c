namespace Backpressure.Admission;

/// <summary>A gate's state and totals since its start, read at one moment.</summary>
/// <param name="Limit">Units that may be in flight.</param>
/// <param name="InFlight">Units that are.</param>
/// <param name="Waiting">Requests in the queue.</param>
/// <param name="FullArrivals">Arrivals that met it full.</param>
/// <param name="Refused">Of those, the ones refused or evicted.</param>
/// <param name="AdmittedLate">Of those, the ones admitted after a wait.</param>
/// <param name="FullByPriority">Arrivals that met it full, by priority.</param>
/// <param name="MayWaitAt">When somebody who may wait last met it full; <see cref="long.MinValue"/>: never yet.</param>
internal readonly record struct GateCounts(int Limit, int InFlight, int Waiting, long FullArrivals, long Refused, long AdmittedLate, PriorityCounts FullByPriority, long MayWaitAt);
