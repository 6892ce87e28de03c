using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Backpressure.Admission;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Backpressure.AspNetCore.Classification;

/// <summary>
/// Whose request it is, as the key of its rate limit or, where it has to wait, as a hash. Each kind of key has a prefix of its own, so that a header that
/// looks like an address or a user's name is neither; none is longer than <see cref="MaxLength"/> and a prefix.
/// </summary>
internal static class PartitionKeys
{
    /// <summary>Beyond it a key is replaced by its digest: a client must not choose how much memory it takes.</summary>
    internal const int MaxLength = 128;

    /// <summary>The key; null: all requests share one.</summary>
    public static string? Of(HttpContext context, PartitionSettings partition)
    {
        string? key = partition.Kind switch
        {
            PartitionKind.User => Bounded("user", UserOf(context.User)),
            PartitionKind.Claim => Bounded("claim", context.User.FindFirst(partition.Name!)?.Value),
            PartitionKind.Header => Bounded("header", HeaderOf(context, partition.Name!)),
            PartitionKind.Route => Bounded("route", Convert.ToString(context.Request.RouteValues[partition.Name!], CultureInfo.InvariantCulture)),
            PartitionKind.Address => null,
            _ => null,
        };
        return key ?? (partition.Kind == PartitionKind.None ? null : AddressOf(context.Connection.RemoteIpAddress));
    }

    /// <summary>The same as one number, which is not kept and costs no memory; 0: all requests share one.</summary>
    public static ulong HashOf(HttpContext context, PartitionSettings partition)
    {
        string? key = partition.Kind switch
        {
            PartitionKind.User => UserOf(context.User),
            PartitionKind.Claim => context.User.FindFirst(partition.Name!)?.Value,
            PartitionKind.Header => HeaderOf(context, partition.Name!),
            PartitionKind.Route => Convert.ToString(context.Request.RouteValues[partition.Name!], CultureInfo.InvariantCulture),
            PartitionKind.Address => null,
            _ => null,
        };
        if (!string.IsNullOrEmpty(key))
        {
            return PartitionHash.Of((byte)partition.Kind, key);
        }

        return partition.Kind == PartitionKind.None ? 0 : HashOf(context.Connection.RemoteIpAddress);
    }

    /// <summary>A key made in code, apart from all that configuration makes.</summary>
    public static string? OfCode(string? value) => Bounded("code", value);

    /// <summary>
    /// The peer's address; of IPv6 its /64, which is the least that one subscriber gets, so that nobody has 2^64 keys.
    /// </summary>
    internal static string AddressOf(IPAddress? address)
    {
        if (address is null)
        {
            return "address:unknown";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return $"address:{address}";
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return $"address:{new IPAddress(bytes)}/64";
    }

    /// <summary>As <see cref="AddressOf"/>: of IPv6 its /64.</summary>
    private static ulong HashOf(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        int length = 0;
        if (address is not null && address.TryWriteBytes(bytes, out length) && length == 16)
        {
            if (address.IsIPv4MappedToIPv6)
            {
                bytes[12..].CopyTo(bytes);
                length = 4;
            }
            else
            {
                length = 8;
            }
        }

        return PartitionHash.Of((byte)PartitionKind.Address, bytes[..length]);
    }

    private static string? UserOf(ClaimsPrincipal user)
        => user.Identity is { IsAuthenticated: true } identity
            ? user.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? user.FindFirst("sub")?.Value ?? identity.Name
            : null;

    private static string? HeaderOf(HttpContext context, string name)
        => context.Request.Headers.TryGetValue(name, out StringValues value) ? value.ToString() : null;

    private static string? Bounded(string kind, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return null;
        }

        return value.Length <= MaxLength
            ? $"{kind}:{value}"
            : $"{kind}#{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(value)))}";
    }
}
