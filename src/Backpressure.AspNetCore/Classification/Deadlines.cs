using System.Globalization;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Backpressure.AspNetCore.Classification;

/// <summary>When the caller stops caring, from its headers. What cannot be read counts as not sent.</summary>
internal static class Deadlines
{
    /// <summary>The shorter of what the two headers say; null: neither says anything.</summary>
    public static TimeSpan? Read(IHeaderDictionary headers, DeadlineSettings settings)
    {
        TimeSpan? left = null;
        if (settings.GrpcTimeoutHeader.Length > 0
            && headers.TryGetValue(settings.GrpcTimeoutHeader, out StringValues grpc)
            && grpc.Count == 1)
        {
            left = ParseGrpcTimeout(grpc[0]);
        }

        if (settings.MillisecondsHeader.Length > 0
            && headers.TryGetValue(settings.MillisecondsHeader, out StringValues milliseconds)
            && milliseconds.Count == 1
            && ParseMilliseconds(milliseconds[0]) is { } other
            && (left is null || other < left))
        {
            left = other;
        }

        return left;
    }

    /// <summary>One to eight digits and a unit. Source: "gRPC over HTTP2", Timeout.</summary>
    internal static TimeSpan? ParseGrpcTimeout(ReadOnlySpan<char> value)
    {
        if (value.Length is < 2 or > 9
            || !long.TryParse(value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long amount))
        {
            return null;
        }

        return value[^1] switch
        {
            'H' => new TimeSpan(amount * TimeSpan.TicksPerHour),
            'M' => new TimeSpan(amount * TimeSpan.TicksPerMinute),
            'S' => new TimeSpan(amount * TimeSpan.TicksPerSecond),
            'm' => new TimeSpan(amount * TimeSpan.TicksPerMillisecond),
            'u' => new TimeSpan(amount * TimeSpan.TicksPerMicrosecond),
            'n' => new TimeSpan(amount / TimeSpan.NanosecondsPerTick),
            _ => null,
        };
    }

    /// <summary>Digits only; zero is how Envoy writes that there is no time-out.</summary>
    internal static TimeSpan? ParseMilliseconds(ReadOnlySpan<char> value)
        => value.Length is > 0 and <= 12
            && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long amount)
            && amount > 0
                ? new TimeSpan(amount * TimeSpan.TicksPerMillisecond)
                : null;
}
