namespace Backpressure.Http.Sending;

/// <summary>Warns where something that retries stands outside of the gate.</summary>
internal static class HandlerOrder
{
    /// <summary>By name, since neither package is needed here.</summary>
    private static readonly string[] Retrying =
    [
        "Microsoft.Extensions.Http.Resilience.ResilienceHandler",
        "Microsoft.Extensions.Http.PolicyHttpMessageHandler",
    ];

    /// <summary>Looks at what stands outside, once for each client.</summary>
    /// <param name="outside">The handlers that were added before ours, the outermost first.</param>
    /// <param name="client">Whose handlers they are.</param>
    public static void Look(IEnumerable<DelegatingHandler> outside, OutboundClient client)
    {
        if (client.LooksAtOrder() && outside.Select(static handler => handler.GetType()).FirstOrDefault(Retries) is { } type)
        {
            Log.StandsInside(client.Logger, client.Name, type.Name);
        }
    }

    private static bool Retries(Type type) => Retrying.Contains(type.FullName) || (type.BaseType is { } parent && Retries(parent));
}
