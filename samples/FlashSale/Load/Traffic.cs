namespace FlashSale.Load;

/// <summary>Chooses what the next request asks for.</summary>
internal sealed class Traffic(bool checkoutsOnly)
{
    private readonly Lock _lock = new();

    // The mix as a deck of ten, reshuffled when used up: the shares are right in any few seconds.
    private readonly ShopRoute[] _deck = checkoutsOnly
        ? [ShopRoute.Checkout]
        : [.. Scenario.Routes.SelectMany(r => Enumerable.Repeat(r.Route, (int)Math.Round(10 * r.Share)))];

    private int _dealt;

    public ShopRoute Next()
    {
        lock (_lock)
        {
            if (_dealt == 0)
            {
                Random.Shared.Shuffle(_deck);
            }

            ShopRoute route = _deck[_dealt];
            _dealt = (_dealt + 1) % _deck.Length;
            return route;
        }
    }

    /// <summary>What is written gets an id of its own, to be looked for afterwards.</summary>
    public static Guid NextId(ShopRoute route) => route is ShopRoute.Checkout or ShopRoute.Analytics ? Guid.NewGuid() : Guid.Empty;
}
