namespace FlashSale.Load;

/// <summary>What the parent process tells a load process.</summary>
/// <param name="Target">The shop's address.</param>
/// <param name="LogFile">Where it writes what became of each request; <see langword="null"/>: it keeps no records.</param>
/// <param name="WarmUp">How long it runs before it counts.</param>
/// <param name="Length">How long it counts; with <paramref name="Workers"/>, for each of them.</param>
/// <param name="RequestsPerSecond">Open loop: how many requests a second arrive, whatever the shop does.</param>
/// <param name="Workers">Closed loop instead: how many callers wait for each other's answer, one after the other level.</param>
/// <param name="CheckoutsOnly">Only checkouts rather than the whole mix.</param>
/// <param name="Crawled">Whether a crawler asks for the offers besides.</param>
internal sealed record LoadSettings(
    Uri Target,
    string? LogFile,
    TimeSpan WarmUp,
    TimeSpan Length,
    double RequestsPerSecond = 0,
    IReadOnlyList<int>? Workers = null,
    bool CheckoutsOnly = false,
    bool Crawled = false);
