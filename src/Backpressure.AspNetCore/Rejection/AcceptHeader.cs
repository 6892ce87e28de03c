using Microsoft.Extensions.Primitives;

namespace Backpressure.AspNetCore.Rejection;

/// <summary>What a client is willing to read.</summary>
internal static class AcceptHeader
{
    /// <summary>Problem details where JSON is accepted in any way or nothing is said; else text where text is; else nothing.</summary>
    public static BodyKind KindFor(StringValues accept)
    {
        if (accept.Count == 0)
        {
            return BodyKind.Problem;
        }

        BodyKind kind = BodyKind.None;
        for (int i = 0; i < accept.Count; i++)
        {
            ReadOnlySpan<char> value = accept[i];
            if (value.IsEmpty)
            {
                return BodyKind.Problem;
            }

            foreach (Range range in value.Split(','))
            {
                switch (KindOf(value[range]))
                {
                    case BodyKind.Problem:
                        return BodyKind.Problem;
                    case BodyKind.Text:
                        kind = BodyKind.Text;
                        break;
                    default:
                        break;
                }
            }
        }

        return kind;
    }

    private static BodyKind KindOf(ReadOnlySpan<char> entry)
    {
        int semicolon = entry.IndexOf(';');
        ReadOnlySpan<char> type = (semicolon < 0 ? entry : entry[..semicolon]).Trim(" \t");
        if (semicolon >= 0 && IsRefused(entry[(semicolon + 1)..]))
        {
            return BodyKind.None;
        }

        if (type is "*/*" || Is(type, "application/*") || Is(type, "application/json") || Is(type, "application/problem+json"))
        {
            return BodyKind.Problem;
        }

        return Is(type, "text/*") || Is(type, "text/plain") ? BodyKind.Text : BodyKind.None;
    }

    /// <summary>A weight of zero means "not this".</summary>
    private static bool IsRefused(ReadOnlySpan<char> parameters)
    {
        foreach (Range range in parameters.Split(';'))
        {
            ReadOnlySpan<char> parameter = parameters[range].Trim(" \t");
            if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase) && parameter[2..].TrimEnd("0.").IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Is(ReadOnlySpan<char> type, string other) => type.Equals(other, StringComparison.OrdinalIgnoreCase);
}
