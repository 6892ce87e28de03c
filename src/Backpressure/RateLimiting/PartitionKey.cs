using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Backpressure.RateLimiting;

/// <summary>
/// Whose partition it is, in bounded memory: long keys (a client chooses its own) are hashed. A key that was hashed
/// never equals one that was not, so nobody can write the hash of another's key and spend that one's permits.
/// </summary>
internal readonly record struct PartitionKey
{
    /// <summary>The longest key that is kept as it is, in characters.</summary>
    public const int MaxLength = 256;

    private readonly string? _text;
    private readonly bool _isHashed;

    /// <param name="key">Any text; null is a key of its own, that of all who have none.</param>
    public PartitionKey(string? key)
    {
        _isHashed = key?.Length > MaxLength;
        _text = _isHashed ? Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(key.AsSpan()))) : key;
    }
}
