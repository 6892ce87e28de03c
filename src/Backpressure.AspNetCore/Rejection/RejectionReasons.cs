using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore.Rejection;

/// <summary>How each reason is told in HTTP: 429 says "you ask too much", 503 says "I cannot now".</summary>
internal static class RejectionReasons
{
    public static int StatusOf(RejectionReason reason)
        => reason == RejectionReason.RateLimited ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable;

    /// <summary>The status's own definition, as the framework's problem details have it.</summary>
    public static string TypeOf(RejectionReason reason)
        => reason == RejectionReason.RateLimited
            ? "https://tools.ietf.org/html/rfc6585#section-4"
            : "https://tools.ietf.org/html/rfc9110#section-15.6.4";

    public static string TitleOf(RejectionReason reason) => reason switch
    {
        RejectionReason.RateLimited => "Too many requests.",
        RejectionReason.ShuttingDown => "The service is shutting down.",
        _ => "The service is overloaded.",
    };
}
