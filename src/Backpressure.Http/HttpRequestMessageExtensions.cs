using Backpressure.Http.Sending;

namespace Backpressure.Http;

/// <summary>Says how much a call matters.</summary>
public static class HttpRequestMessageExtensions
{
    /// <summary>
    /// Gives a call its priority, in place of that of the request it is made for. It is the header <c>Backpressure-Priority</c>, which the
    /// destination believes as far as it trusts this service; a client's <c>DefaultRequestHeaders</c> can have it too.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="priority">Its priority.</param>
    /// <returns>The same <paramref name="request"/>.</returns>
    public static HttpRequestMessage WithPriority(this HttpRequestMessage request, Priority priority)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)priority, (uint)Priority.Low, nameof(priority));
        request.Headers.Remove(CallHeaders.Priority);
        request.Headers.TryAddWithoutValidation(CallHeaders.Priority, CallHeaders.NameOf(priority));
        return request;
    }
}
