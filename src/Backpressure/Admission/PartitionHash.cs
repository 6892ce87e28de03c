using System.Runtime.InteropServices;

namespace Backpressure.Admission;

/// <summary>
/// Whose request it is, as one number: equal for equal keys in every process and service, so that two services that must
/// send somebody away agree on whom. Never 0, which is nobody's.
/// </summary>
/// <remarks>
/// FNV-1a over 64 bits with a final mix. It is no secret: who may choose its own key can be taken for another, which it could
/// by sending that key too. What is shared then is a turn, never data.
/// </remarks>
internal static class PartitionHash
{
    /// <summary>Groups that users are shed by, within one priority. Source: DAGOR (Zhou et al., 2018), whose user levels are 128.</summary>
    public const int Cohorts = 128;

    private const ulong Basis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    /// <summary>The hash of a text key; 0 for null.</summary>
    public static ulong Of(string? key) => key is null ? 0 : Of(0, key);

    /// <summary>The hash of a key of some kind: keys of different kinds are different.</summary>
    public static ulong Of(byte kind, ReadOnlySpan<char> key) => Of(kind, MemoryMarshal.AsBytes(key));

    /// <summary>The hash of a key of some kind.</summary>
    public static ulong Of(byte kind, ReadOnlySpan<byte> key)
    {
        ulong hash = (Basis ^ kind) * Prime;
        foreach (byte part in key)
        {
            hash = (hash ^ part) * Prime;
        }

        hash = Mix(hash);
        return hash == 0 ? 1 : hash;
    }

    /// <summary>Its cohort in this hour: by the hour, so that the same ones do not always go first.</summary>
    public static byte CohortOf(ulong partition, DateTimeOffset utcNow) =>
        (byte)(Mix(partition ^ Mix((ulong)(utcNow.UtcTicks / TimeSpan.TicksPerHour))) % Cohorts);

    /// <summary>Spreads every bit over all (the finalizer of MurmurHash3, Appleby, public domain).</summary>
    public static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
        return hash ^ (hash >> 33);
    }
}
