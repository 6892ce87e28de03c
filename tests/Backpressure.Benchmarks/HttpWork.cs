namespace Backpressure.Benchmarks;

/// <summary>
/// Refusals over HTTP: Kestrel on loopback, asked by one thread that keeps many connections busy. All answer with the same bytes,
/// and what they are compared with is an endpoint that does nothing else.
/// </summary>
internal static class HttpWork
{
    private const string Bare = "bare endpoint";

    /// <summary>A slice must be long beside what a scheduler does with two processors and three threads.</summary>
    private const double SliceNanoseconds = 60e6;

    public static IEnumerable<Comparison> All()
    {
        yield return Refusals(pipelined: 1);
        yield return Refusals(pipelined: 16);
    }

    // One at a time is what browsers and proxies do. With sixteen in a packet the network costs next to nothing, so that what a
    // middleware takes shows as much as it ever can: for information.
    private static Comparison Refusals(int pipelined) =>
        new(
            $"503s over HTTP, {(pipelined == 1 ? "one request at a time" : $"{pipelined} pipelined")}",
            Bare,
            [
                Of(new Middlewares(Bare, static _ => { }, static _ => { }), pipelined, refusing: false),
                .. Middlewares.All(1, refuse: true, MiddlewareWork.AnswerAsOurs).Select(m => Of(m, pipelined, refusing: true)),
            ])
        {
            Threads = 2,
            SliceNanoseconds = SliceNanoseconds,
            Claims = pipelined == 1 ? [new Claim(Middlewares.Ours, Bare, 0.95, OfRates: true)] : [new Claim(Middlewares.Ours, Middlewares.Peer, 1.0, OfRates: true)],
        };

    private static Subject Of(Middlewares middleware, int pipelined, bool refusing)
    {
        // Only whoever is asked has a server.
        var client = new Lazy<HttpClient503>(() =>
        {
            var server = new RefusingServer(middleware, refusing);
            return new HttpClient503(server.Address, pipelined);
        });
        return new Subject(middleware.Name, times => client.Value.Get(times));
    }
}
