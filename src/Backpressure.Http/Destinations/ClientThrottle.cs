namespace Backpressure.Http.Destinations;

/// <summary>
/// How likely a call is to be refused before it is sent: <c>max(0, (requests − K × accepts) / (requests + 1))</c>, by what was asked and
/// accepted lately. Pure. Source: Site Reliability Engineering, chapter 21, "Handling Overload", Client-Side Throttling.
/// </summary>
internal static class ClientThrottle
{
    /// <summary>Never above it: without calls that go through, nobody would learn that the destination is back.</summary>
    public const double Highest = 0.9;

    /// <summary>Fewer requests prove nothing: the first to fail would make a coin's toss of the second.</summary>
    public const int FewestRequests = 10;

    /// <summary>The probability.</summary>
    /// <param name="requests">Calls asked for, those included that were refused by this.</param>
    /// <param name="accepts">Those of them that the destination did not refuse.</param>
    /// <param name="ratio">K.</param>
    public static double ProbabilityOf(int requests, int accepts, double ratio) =>
        requests < FewestRequests ? 0 : Math.Clamp((requests - (ratio * accepts)) / (requests + 1), 0, Highest);
}
