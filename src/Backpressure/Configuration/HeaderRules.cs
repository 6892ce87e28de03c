using System.Buffers;
using System.Net;
using static Backpressure.Configuration.OptionsValidator;

namespace Backpressure.Configuration;

/// <summary>What header names, networks and claims must look like.</summary>
internal static class HeaderRules
{
    /// <summary>RFC 9110, section 5.6.2: the characters of a token, which header names and methods are.</summary>
    private static readonly SearchValues<char> s_token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>RFC 4291, section 2.5.5.2: the bits of an IPv6 address before the IPv4 address that is mapped into it.</summary>
    private const int MappedPrefix = 96;

    public static bool IsToken(string? text) => text is { Length: > 0 } && !text.AsSpan().ContainsAnyExcept(s_token);

    public static void Validate(string path, PriorityHeaderOptions header, OptionsErrors errors)
    {
        Name(Join(path, nameof(header.Name)), header.Name, "Write one such as Backpressure-Priority.", errors);
        for (var i = 0; i < header.KnownIPNetworks.Count; i++)
        {
            Network(OptionsErrors.Invariant($"{Join(path, nameof(header.KnownIPNetworks))}:{i}"), header.KnownIPNetworks[i], errors);
        }

        if (header.Claim is not null && !TrySplitClaim(header.Claim, out _, out _))
        {
            errors.Add(
                Join(path, nameof(header.Claim)), OptionsErrors.Quote(header.Claim),
                "must be a claim's type, or type=value. Write for example \"scope=internal\", or leave it out for nobody.");
        }
    }

    public static void Validate(string path, DeadlineOptions deadline, OptionsErrors errors)
    {
        const string WayOut = "Write a header's name, or \"\" for not reading one.";
        if (deadline.GrpcTimeoutHeader is not "")
        {
            Name(Join(path, nameof(deadline.GrpcTimeoutHeader)), deadline.GrpcTimeoutHeader, WayOut, errors);
        }

        if (deadline.MillisecondsHeader is not "")
        {
            Name(Join(path, nameof(deadline.MillisecondsHeader)), deadline.MillisecondsHeader, WayOut, errors);
        }
    }

    /// <summary>Splits <c>type</c> or <c>type=value</c> at the first equals sign.</summary>
    public static bool TrySplitClaim(string claim, out string type, out string? value)
    {
        var equals = claim.IndexOf('=', StringComparison.Ordinal);
        type = equals < 0 ? claim : claim[..equals];
        value = equals < 0 ? null : claim[(equals + 1)..];
        return !string.IsNullOrWhiteSpace(type) && value is not "";
    }

    private static void Name(string path, string? name, string wayOut, OptionsErrors errors)
    {
        if (!IsToken(name))
        {
            errors.Add(path, OptionsErrors.Quote(name), "must be a header name: letters, digits and hyphens. " + wayOut);
        }
    }

    private static void Network(string path, string? network, OptionsErrors errors)
    {
        // The framework takes host bits and drops them; but who trusts 10.1.2.3/8 may have meant one host and not 16 million.
        if (network is null
            || !IPNetwork.TryParse(network, out var parsed)
            || !IPAddress.TryParse(network.AsSpan(0, network.IndexOf('/', StringComparison.Ordinal)), out var address)
            || !address.Equals(parsed.BaseAddress))
        {
            errors.Add(
                path, OptionsErrors.Quote(network),
                $"must be a network in CIDR form, its host bits zero. Write for example {Meant(network) ?? "10.0.0.0/8 or fd00::/8"}.");
        }
        else if (address.IsIPv4MappedToIPv6 && parsed.PrefixLength >= MappedPrefix)
        {
            // A peer's mapped address is taken for the IPv4 address that it is, so such a network would match nobody.
            errors.Add(
                path, OptionsErrors.Quote(network),
                OptionsErrors.Invariant($"must be an IPv4 network where it means IPv4 addresses. Write {address.MapToIPv4()}/{parsed.PrefixLength - MappedPrefix}."));
        }
    }

    /// <summary>The network that an address with host bits, or without a prefix length, lies in.</summary>
    private static string? Meant(string? text)
    {
        var parts = text?.Split('/') ?? [];
        if (parts.Length is 0 or > 2 || !IPAddress.TryParse(parts[0], out var address))
        {
            return null;
        }

        var bytes = address.GetAddressBytes();
        var bits = bytes.Length * 8;
        var length = bits;
        if (parts.Length == 2 && (!int.TryParse(parts[1], System.Globalization.CultureInfo.InvariantCulture, out length) || length < 0 || length > bits))
        {
            return null;
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(length - (8 * i), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }

        return OptionsErrors.Invariant($"{new IPAddress(bytes)}/{length}");
    }
}
