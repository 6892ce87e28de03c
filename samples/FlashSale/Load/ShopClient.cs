using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FlashSale.Shop;

namespace FlashSale.Load;

/// <summary>
/// One of the sale's many clients: sends one request and waits as long as it cares. It never tries again, so that what
/// is offered stays what the demonstration says it is.
/// </summary>
internal sealed class ShopClient(Uri target) : IDisposable
{
    /// <summary>Half of the events come from one partner, the rest from nine others.</summary>
    private static readonly string[] ApiKeys = [.. Enumerable.Range(0, 10).Select(i => $"partner-{i}")];

    private readonly IPEndPoint _address = new(IPAddress.Parse(target.Host), target.Port);
    private readonly ConcurrentBag<ShopWire> _idle = [];
    private readonly byte[] _eventBody = EventBody();

    public Task<Answer> SendAsync(ShopRoute route, Guid id, TimeSpan patience) => SendAsync(() => Request(route, id), patience);

    /// <summary>What a crawler asks for.</summary>
    public Task<Answer> AskForOffersAsync(TimeSpan patience) => SendAsync(() => Request("GET /offers", "", []), patience);

    public void Dispose()
    {
        while (_idle.TryTake(out ShopWire? wire))
        {
            wire.Dispose();
        }
    }

    private async Task<Answer> SendAsync(Func<byte[]> request, TimeSpan patience)
    {
        if (patience <= TimeSpan.Zero)
        {
            return new Answer(Ending.TimedOut);
        }

#pragma warning disable CA2000 // It goes back to the idle ones below, or is disposed.
        ShopWire wire = _idle.TryTake(out ShopWire? used) ? used : new ShopWire();
#pragma warning restore CA2000
        using CancellationTokenSource lostInterest = new(patience);

        // A client that gives up hangs up: the shop learns of it as it would from a browser's.
        Answer answer;
        using (lostInterest.Token.UnsafeRegister(static wire => ((ShopWire)wire!).Dispose(), wire))
        {
            answer = await wire.ExchangeAsync(_address, request());
        }

        if (lostInterest.IsCancellationRequested)
        {
            wire.Dispose();
            return new Answer(Ending.TimedOut);
        }

        if (wire.CanBeUsedAgain)
        {
            _idle.Add(wire);
        }
        else
        {
            wire.Dispose();
        }

        return answer;
    }

    private static byte[] EventBody()
    {
        byte[] body = new byte[Scenario.AnalyticsBodyBytes];
        Random.Shared.NextBytes(body);
        return body;
    }

    private byte[] Request(ShopRoute route, Guid id)
    {
        int product = Random.Shared.Next(ShopSchema.Products);
        return route switch
        {
            ShopRoute.Checkout => Request("POST /checkout", "Content-Type: application/json\r\n", JsonSerializer.SerializeToUtf8Bytes(new Order(id, product))),
            ShopRoute.Product => Request($"GET /products/{product}", "", []),
            ShopRoute.Recommendation => Request($"GET /recommendations/{product}", "", []),
            _ => Request(
                "POST /analytics",
                $"{ShopEndpoints.EventId}: {id}\r\nX-Api-Key: {ApiKeys[Random.Shared.Next(2) == 0 ? 0 : Random.Shared.Next(1, ApiKeys.Length)]}\r\n",
                _eventBody),
        };
    }

    private byte[] Request(string methodAndPath, string headers, byte[] body)
    {
        string length = body.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        return [.. Encoding.ASCII.GetBytes($"{methodAndPath} HTTP/1.1\r\nHost: {target.Authority}\r\n{headers}{length}\r\n"), .. body];
    }
}
