using System.Globalization;
using System.Net.Http.Headers;

namespace Backpressure.Http.Responses;

/// <summary>Reads <c>Backpressure-Credit: 12;t=1</c>. What cannot be read counts as not said.</summary>
internal static class CreditHeader
{
    private const int LongestSeconds = 60;

    public static bool TryRead(HttpResponseMessage response, out int credit, out TimeSpan goodFor)
    {
        credit = 0;
        goodFor = TimeSpan.FromSeconds(1);
        return response.Headers.NonValidated.TryGetValues(CreditHeaders.Credit, out HeaderStringValues values)
            && values.Count == 1
            && TryRead(values.ToString(), ref credit, ref goodFor);
    }

    private static bool TryRead(ReadOnlySpan<char> text, ref int credit, ref TimeSpan goodFor)
    {
        int end = text.IndexOf(';');
        if (!int.TryParse((end < 0 ? text : text[..end]).Trim(' '), NumberStyles.None, CultureInfo.InvariantCulture, out credit) || credit == int.MaxValue)
        {
            return false;
        }

        while (end >= 0)
        {
            text = text[(end + 1)..];
            end = text.IndexOf(';');
            ReadOnlySpan<char> parameter = (end < 0 ? text : text[..end]).Trim(' ');
            if (parameter.StartsWith("t=") && int.TryParse(parameter[2..], NumberStyles.None, CultureInfo.InvariantCulture, out int seconds))
            {
                goodFor = TimeSpan.FromSeconds(Math.Clamp(seconds, 1, LongestSeconds));
            }
        }

        return true;
    }
}
