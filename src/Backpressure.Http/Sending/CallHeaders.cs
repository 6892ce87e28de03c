using System.Globalization;
using System.Net.Http.Headers;

namespace Backpressure.Http.Sending;

/// <summary>What a call carries to the next service, and what it says of itself.</summary>
internal static class CallHeaders
{
    public const string Priority = "Backpressure-Priority";
    public const string MillisecondsLeft = "x-envoy-expected-rq-timeout-ms";
    public const string GrpcTimeout = "grpc-timeout";

    // gRPC's form has eight digits at most; nobody's deadline is further away.
    private const long MostMilliseconds = 99_999_999;

    /// <summary>The priority that the call's own header gives it; null: none that can be read.</summary>
    public static Priority? ReadPriority(HttpRequestMessage request)
    {
        if (request.Headers.NonValidated.TryGetValues(Priority, out HeaderStringValues values) && values.Count == 1)
        {
            ReadOnlySpan<char> name = values.ToString().AsSpan().Trim();
            for (Priority priority = Backpressure.Priority.Critical; priority <= Backpressure.Priority.Low; priority++)
            {
                if (name.Equals(NameOf(priority), StringComparison.OrdinalIgnoreCase))
                {
                    return priority;
                }
            }
        }

        return null;
    }

    /// <summary>Tells the next service what it needs to decide well. What the caller has set itself stands.</summary>
    /// <param name="request">The call.</param>
    /// <param name="priority">Its priority.</param>
    /// <param name="ambient">The request it is made for.</param>
    public static void Carry(HttpRequestMessage request, Priority priority, AmbientRequest ambient)
    {
        HttpRequestHeaders headers = request.Headers;
        if (!headers.NonValidated.Contains(Priority))
        {
            headers.TryAddWithoutValidation(Priority, NameOf(priority));
        }

        if (ambient.TimeLeft is { } left)
        {
            CarryDeadline(request, Math.Clamp((long)left.TotalMilliseconds, 1, MostMilliseconds));
        }

        if (!ambient.Chain.IsEmpty)
        {
            // A call that is sent again has one already, and it is the same.
            headers.Remove(CallChain.Header);
            headers.TryAddWithoutValidation(CallChain.Header, ambient.Chain.ToString());
        }
    }

    /// <summary>Tells callers apart for a destination that divides what it has among them, and what they hold back at its word.</summary>
    /// <param name="request">The call.</param>
    /// <param name="caller">The client's name.</param>
    /// <param name="waiting">How many more calls wait for a credit.</param>
    public static void CarryCaller(HttpRequestMessage request, string caller, int waiting)
    {
        if (request.Headers.NonValidated.TryGetValues(CreditHeaders.Caller, out HeaderStringValues values))
        {
            if (!values.ToString().StartsWith(caller, StringComparison.Ordinal))
            {
                return;
            }

            // It is sent again.
            request.Headers.Remove(CreditHeaders.Caller);
        }

        request.Headers.TryAddWithoutValidation(
            CreditHeaders.Caller, waiting == 0 ? caller : string.Create(CultureInfo.InvariantCulture, $"{caller}{CreditHeaders.Waiting}{waiting}"));
    }

    /// <summary>As the configuration writes it.</summary>
    public static string NameOf(Priority priority) => priority switch
    {
        Backpressure.Priority.Critical => nameof(Backpressure.Priority.Critical),
        Backpressure.Priority.High => nameof(Backpressure.Priority.High),
        Backpressure.Priority.Low => nameof(Backpressure.Priority.Low),
        _ => nameof(Backpressure.Priority.Normal),
    };

    // A gRPC client that was given a deadline has its own header, and it ends the call by it: that one is not changed. The
    // other is set anew each time, since there is less left for a call that is sent again.
    private static void CarryDeadline(HttpRequestMessage request, long milliseconds)
    {
        HttpRequestHeaders headers = request.Headers;
        string value = milliseconds.ToString(CultureInfo.InvariantCulture);
        if (!headers.NonValidated.TryGetValues(MillisecondsLeft, out HeaderStringValues own)
            || !long.TryParse(own.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long said)
            || said > milliseconds)
        {
            headers.Remove(MillisecondsLeft);
            headers.TryAddWithoutValidation(MillisecondsLeft, value);
        }

        if (GrpcCalls.IsGrpc(request) && !headers.NonValidated.Contains(GrpcTimeout))
        {
            headers.TryAddWithoutValidation(GrpcTimeout, value + "m");
        }
    }
}
