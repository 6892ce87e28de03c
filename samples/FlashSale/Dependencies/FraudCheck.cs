using System.Net.Http.Json;
using Backpressure;
using Backpressure.Http;
using FlashSale.Shop;

namespace FlashSale.Dependencies;

/// <summary>
/// Asks the payment provider about an order. A check is welcome and not needed, so it ranks below the checkout that it is made for:
/// what the provider does not take now, <c>AddBackpressure()</c> does not even send.
/// </summary>
/// <param name="http">With the provider's address.</param>
internal sealed class FraudCheck(HttpClient http)
{
    /// <summary>The client's name, which its metrics bear, and its section of the configuration.</summary>
    public const string Client = "payments";

    /// <summary>No customer waits longer than this for a check, nor is a slot of the shop held for longer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    /// <returns>Whether the order was found to be clear; <see langword="false"/>, too, where nobody could be asked.</returns>
    public async Task<bool> IsClearAsync(Order order, CancellationToken clientGone)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/checks") { Content = JsonContent.Create(order) };
        request.WithPriority(Priority.Low);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, clientGone);
            return response.IsSuccessStatusCode && await response.Content.ReadFromJsonAsync<FraudVerdict>(clientGone) is { Clear: true };
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!clientGone.IsCancellationRequested)
        {
            // Its patience ended.
            return false;
        }
    }
}
