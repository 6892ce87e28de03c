namespace Chain.Services;

/// <summary>What a service says of itself ten times a second. Counts are since its start.</summary>
/// <param name="AtMs">Unix time in milliseconds.</param>
/// <param name="Arrived">Requests that reached it, refused ones among them.</param>
/// <param name="ArrivedSlowed">Those of them whose original was sent while Payments was slowed, retries among them.</param>
/// <param name="Taken">Requests that it let in and began to work on.</param>
/// <param name="TakenSlowed">Those of them whose original was sent while Payments was slowed.</param>
/// <param name="Refused">Requests that its own gate refused.</param>
/// <param name="Limit">How many its gate lets in at a time; 0 where there is none.</param>
/// <param name="Signal">How strongly the next service lowers that limit: 0 not at all, 1 to the minimum.</param>
internal sealed record Reading(long AtMs, int Arrived, int ArrivedSlowed, int Taken, int TakenSlowed, long Refused, double Limit, double Signal);
