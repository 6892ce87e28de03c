using System.Globalization;
using System.Net.Http.Headers;

namespace Backpressure.Http.Responses;

/// <summary>Reads <c>Backpressure-Credit: 12;t=1;n=8;l=3</c>. What cannot be read counts as not said.</summary>
internal static class CreditHeader
{
    private const int LongestSeconds = 60;
    private const int NotSaid = -1;

    /// <summary>Reads what a destination grants.</summary>
    /// <param name="response">Its answer.</param>
    /// <param name="priority">Of the call that it answers.</param>
    /// <param name="credits">How many of it and of each below it.</param>
    /// <param name="goodFor">For how long.</param>
    public static bool TryRead(HttpResponseMessage response, Priority priority, Span<int> credits, out TimeSpan goodFor)
    {
        goodFor = TimeSpan.FromSeconds(1);
        return response.Headers.NonValidated.TryGetValues(CreditHeaders.Credit, out HeaderStringValues values)
            && values.Count == 1
            && TryRead(values.ToString(), priority, credits, ref goodFor);
    }

    private static bool TryRead(ReadOnlySpan<char> text, Priority priority, Span<int> credits, ref TimeSpan goodFor)
    {
        int end = text.IndexOf(';');
        if (!TryReadCredit((end < 0 ? text : text[..end]).Trim(' '), out int credit))
        {
            return false;
        }

        credits.Fill(NotSaid);
        credits[0] = credit;
        while (end >= 0)
        {
            text = text[(end + 1)..];
            end = text.IndexOf(';');
            ReadOnlySpan<char> parameter = (end < 0 ? text : text[..end]).Trim(' ');
            if (parameter.Length < 3 || parameter[1] != '=')
            {
                continue;
            }

            if (parameter[0] == 't' && int.TryParse(parameter[2..], NumberStyles.None, CultureInfo.InvariantCulture, out int seconds))
            {
                goodFor = TimeSpan.FromSeconds(Math.Clamp(seconds, 1, LongestSeconds));
            }
            else if (CreditHeaders.Letters.IndexOf(parameter[0], StringComparison.Ordinal) - (int)priority is > 0 and var below
                && TryReadCredit(parameter[2..], out credit))
            {
                credits[below] = credit;
            }
        }

        // Those of whom it says nothing get as many as the one above, in whatever order the others stand.
        for (int i = 1; i < credits.Length; i++)
        {
            credits[i] = credits[i] == NotSaid ? credits[i - 1] : credits[i];
        }

        return true;
    }

    private static bool TryReadCredit(ReadOnlySpan<char> text, out int credit) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out credit) && credit < int.MaxValue;
}
