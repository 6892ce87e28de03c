using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Backpressure.Configuration;
using Backpressure.RateLimiting;
using Backpressure.Redis.Store;
using StackExchange.Redis;

namespace Backpressure.Redis.Limits;

/// <summary>One limit in Redis' terms: its script, what the script is told, and the names of its keys.</summary>
internal sealed class FleetLimit
{
    /// <summary>How many refused keys are remembered, at some two hundred bytes each.</summary>
    private const int RefusalsRemembered = 10_000;

    /// <summary>Of 256 bits of the digest so many are kept: nobody finds two keys that share them.</summary>
    private const int DigestBytes = 16;

    private readonly string _keyStart;

    public FleetLimit(string prefix, RateLimitSettings settings)
    {
        long period = (long)settings.Period.TotalMicroseconds;
        (Script, string form, Arguments) = settings.Algorithm == RateLimitAlgorithm.TokenBucket
            ? (FleetScript.TokenBucket, "bucket", [settings.Permits, settings.PermitsPerPeriod, period])
            : (FleetScript.Window, "window", new RedisValue[]
            {
                settings.Permits,

                // Rounded up: a window is never shorter than it says.
                (period + settings.SegmentsPerWindow - 1) / settings.SegmentsPerWindow,
                settings.SegmentsPerWindow,
            });

        // With the numbers in its name a limit that changes starts afresh, and replicas that differ do not meet.
        _keyStart = string.Create(CultureInfo.InvariantCulture, $"{prefix}:{Escape(settings.Name)}:{form}-{string.Join('-', Arguments)}:{{");
    }

    public FleetScript Script { get; }

    public RedisValue[] Arguments { get; }

    public RefusalMemory Refusals { get; } = new(RefusalsRemembered);

    /// <summary>
    /// Its name in Redis: who it is stands there as a digest only, since keys may be secrets. The braces are Redis Cluster's: of the
    /// name, what is in them alone says which node has it.
    /// </summary>
    public RedisKey KeyOf(string? key)
    {
        if (key is null)
        {
            return _keyStart + "all}";
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(key.AsSpan()), digest);
        return string.Concat(_keyStart, Convert.ToHexStringLower(digest[..DigestBytes]), "}");
    }

    /// <summary>Names are compared without case, and may hold what would mean something in a key.</summary>
    private static string Escape(string name)
    {
        var escaped = new StringBuilder(name.Length);
        foreach (byte b in Encoding.UTF8.GetBytes(name.ToUpperInvariant()))
        {
            _ = char.IsAsciiLetterOrDigit((char)b) || (char)b is '.' or '_' or '-' ? escaped.Append((char)b) : escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return escaped.ToString();
    }
}
