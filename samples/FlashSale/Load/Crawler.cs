namespace FlashSale.Load;

/// <summary>Somebody who compares prices and asks for the offers all day: beside the sale, and of no concern to its figures.</summary>
internal sealed class Crawler(ShopClient client, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks until the process ends.</summary>
    public async Task RunAsync()
    {
        using PeriodicTimer pace = new(Pause, time);
        while (await pace.WaitForNextTickAsync())
        {
            await client.AskForOffersAsync(Patience);
        }
    }
}
