using System.Net.Http.Json;
using Backpressure;
using Backpressure.Http;
using FlashSale.Shop;

namespace FlashSale.Dependencies;

/// <summary>
/// Asks the payment provider about an order before it is picked. A check is welcome and not needed, since somebody can look at the order
/// instead: what the provider does not take now, <c>AddBackpressure()</c> does not even send.
/// </summary>
/// <param name="clients">Has one with the provider's address.</param>
internal sealed class FraudCheck(IHttpClientFactory clients)
{
    /// <summary>The client's name, which its metrics bear, and its section of the configuration.</summary>
    public const string Client = "payments";

    /// <summary>Picking waits no longer than this for a check.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    /// <returns>Whether the order was found to be clear; <see langword="false"/>, too, where nobody could be asked.</returns>
    public async Task<bool> IsClearAsync(Order order, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/checks") { Content = JsonContent.Create(order) };
        request.WithPriority(Priority.Low);
        try
        {
            using HttpClient http = clients.CreateClient(Client);
            using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
            return response.IsSuccessStatusCode && await response.Content.ReadFromJsonAsync<FraudVerdict>(cancellationToken) is { Clear: true };
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Its patience ended.
            return false;
        }
    }
}
