using System.Collections.Concurrent;
using System.Net;

namespace Backpressure.Integration.Tests;

/// <summary>Requests that are sent when they are due, whatever became of those before, and given up after two seconds.</summary>
internal sealed class OpenLoad(Uri address)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentBag<Answer> _answers = [];

    /// <summary>Sends for a while; ends when every answer is in or given up.</summary>
    /// <param name="perSecond">Requests a second by path.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="events">What happens meanwhile, each once at its second.</param>
    public async Task<IReadOnlyCollection<Answer>> SendAsync(
        IReadOnlyDictionary<string, int> perSecond, double seconds, params (double At, Func<Task> Action)[] events)
    {
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        var running = new List<Task>();
        var sent = perSecond.Keys.ToDictionary(path => path, _ => 0);
        var pending = new Queue<(double At, Func<Task> Action)>(events.OrderBy(e => e.At));
        long start = TimeProvider.System.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        double now;
        do
        {
            now = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            while (pending.Count > 0 && pending.Peek().At <= now)
            {
                running.Add(pending.Dequeue().Action());
            }

            foreach ((string path, int rate) in perSecond)
            {
                while (sent[path] < Math.Min(now, seconds) * rate)
                {
                    running.Add(AskAsync(client, path, (double)sent[path]++ / rate));
                }
            }
        }
        while (now < seconds && await pace.WaitForNextTickAsync());

        await Task.WhenAll(running.ToArray());
        return _answers;
    }

    private async Task AskAsync(HttpClient client, string path, double at)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            using HttpResponseMessage response = await client.GetAsync(new Uri(path, UriKind.Relative), patience.Token);
            _answers.Add(new Answer(path, at, response.StatusCode));
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            _answers.Add(new Answer(path, at, null));
        }
    }

    /// <summary>What became of a request.</summary>
    /// <param name="Path">Whose.</param>
    /// <param name="At">When it was due, in seconds from the start.</param>
    /// <param name="Status">Null: none in two seconds.</param>
    internal readonly record struct Answer(string Path, double At, HttpStatusCode? Status)
    {
        public bool IsServed => Status == HttpStatusCode.OK;
    }
}
