using System.Globalization;
using System.Text;
using System.Text.Json;
using Backpressure.Observability;

namespace Backpressure.AspNetCore.Rejection;

/// <summary>
/// What the rejected are sent, made once for each reason and second: a refusal must cost less than the work that it
/// saves. Retry-After is at most 30 s for overload and a rate limit's window otherwise, so there are few.
/// </summary>
internal sealed class RejectionBodies
{
    /// <summary>Beyond it a body is made each time, so that no configuration makes this grow without end.</summary>
    private const int LongestKept = 600;

    private static readonly string[] Seconds = [.. Enumerable.Range(0, 61).Select(static second => second.ToString(CultureInfo.InvariantCulture))];

    private static readonly int Reasons = Enum.GetValues<RejectionReason>().Length;

    // By seconds, reason and kind. Racing threads may each make one; both say the same.
    private readonly byte[]?[] _bodies = new byte[]?[(LongestKept + 1) * Reasons * 2];

    /// <summary>The seconds as Retry-After says them.</summary>
    public static string Text(int seconds)
        => seconds < Seconds.Length ? Seconds[seconds] : seconds.ToString(CultureInfo.InvariantCulture);

    public byte[] Get(RejectionReason reason, int seconds, bool json)
    {
        if (seconds > LongestKept)
        {
            return Make(reason, seconds, json);
        }

        int place = (((seconds * Reasons) + (int)reason) * 2) + (json ? 1 : 0);
        return Volatile.Read(ref _bodies[place]) ?? Keep(place, Make(reason, seconds, json));
    }

    private byte[] Keep(int place, byte[] body)
    {
        Volatile.Write(ref _bodies[place], body);
        return body;
    }

    private static byte[] Make(RejectionReason reason, int seconds, bool json)
    {
        string title = RejectionReasons.TitleOf(reason);
        if (!json)
        {
            return Encoding.UTF8.GetBytes(seconds > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{title} Try again in {seconds} s.\n")
                : title + "\n");
        }

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, RejectionReasons.TypeOf(reason));
            writer.WriteString("title"u8, title);
            writer.WriteNumber("status"u8, RejectionReasons.StatusOf(reason));
            writer.WriteString("reason"u8, reason.Tag());
            if (seconds > 0)
            {
                writer.WriteNumber("retryAfterSeconds"u8, seconds);
            }

            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
