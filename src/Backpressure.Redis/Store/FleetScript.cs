using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Backpressure.RateLimiting;
using StackExchange.Redis;

namespace Backpressure.Redis.Store;

/// <summary>A script that decides of one request, as one step of the server's: asked for by its digest, and sent along where the server does not know it.</summary>
internal sealed class FleetScript
{
    private readonly string _text;
    private readonly byte[] _digest;

    private FleetScript(string file)
    {
        using Stream stream = typeof(FleetScript).Assembly.GetManifestResourceStream(file)!;
        using var reader = new StreamReader(stream);
        _text = reader.ReadToEnd();
        _digest = DigestOf(_text);
    }

    /// <summary>A bucket that fills steadily.</summary>
    public static FleetScript TokenBucket { get; } = new("token-bucket.lua");

    /// <summary>Fixed and sliding windows.</summary>
    public static FleetScript Window { get; } = new("window.lua");

    /// <summary>Asks for one permit.</summary>
    /// <param name="database">The connection.</param>
    /// <param name="key">The one key that it reads and writes: so it runs in a cluster too.</param>
    /// <param name="arguments">The limit, in the script's own terms.</param>
    public async Task<RateLimitAnswer> AskAsync(IDatabaseAsync database, RedisKey key, RedisValue[] arguments)
    {
        RedisResult result;
        try
        {
            result = await database.ScriptEvaluateAsync(_digest, [key], arguments, CommandFlags.DemandMaster);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // A server that was started anew, flushed, or took over: it has done nothing, and keeps the script from now on.
            result = await database.ExecuteAsync("EVAL", [_text, 1, key, .. arguments], CommandFlags.DemandMaster);
        }

        var answer = (RedisResult[])result!;
        return new RateLimitAnswer(
            (long)answer[0] == 1, (long)answer[1], TimeSpan.FromTicks((long)answer[2] * TimeSpan.TicksPerMicrosecond), Held: null);
    }

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "It is how Redis names scripts; nothing is kept secret by it.")]
    private static byte[] DigestOf(string text) => SHA1.HashData(Encoding.UTF8.GetBytes(text));
}
