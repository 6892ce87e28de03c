using System.Globalization;
using System.Text;

namespace Backpressure;

/// <summary>The headers by which a service tells how much it can take, and by which its callers are told apart.</summary>
internal static class CreditHeaders
{
    /// <summary>
    /// On responses: how many more requests of that priority may be sent, for how many seconds that holds (<c>t</c>), and how many of
    /// each priority below it (<see cref="Letters"/>), where these are fewer than of the one above.
    /// </summary>
    public const string Credit = "Backpressure-Credit";

    /// <summary>The parameters that stand for priorities, the highest first.</summary>
    public const string Letters = "chnl";

    /// <summary>On requests: a random name of the client in one process, and how many more of its calls wait for a credit (<c>w</c>).</summary>
    public const string Caller = "Backpressure-Caller";

    /// <summary>Begins the number of those that wait, after the name.</summary>
    public const string Waiting = ";w=";

    /// <summary>The value of <see cref="Credit"/>.</summary>
    /// <param name="priority">Of the request that is answered.</param>
    /// <param name="credits">Of it and of each below it.</param>
    /// <param name="seconds">For how long that holds.</param>
    public static string Write(Priority priority, ReadOnlySpan<int> credits, int seconds)
    {
        StringBuilder text = new StringBuilder(32).Append(CultureInfo.InvariantCulture, $"{credits[0]};t={seconds}");
        for (int i = 1; i < credits.Length; i++)
        {
            if (credits[i] != credits[i - 1])
            {
                text.Append(CultureInfo.InvariantCulture, $";{Letters[(int)priority + i]}={credits[i]}");
            }
        }

        return text.ToString();
    }
}
