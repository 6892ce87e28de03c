namespace Backpressure;

/// <summary>The headers by which a service tells how much it can take, and by which its callers are told apart.</summary>
internal static class CreditHeaders
{
    /// <summary>On responses: how many more requests of that priority may be sent, and for how many seconds that holds.</summary>
    public const string Credit = "Backpressure-Credit";

    /// <summary>On requests: a random name of the client in one process, and how many more of its calls wait for a credit (<c>w</c>).</summary>
    public const string Caller = "Backpressure-Caller";

    /// <summary>Begins the number of those that wait, after the name.</summary>
    public const string Waiting = ";w=";
}
