using System.Collections.Concurrent;

namespace Backpressure.Deploy.Tests.Containers;

/// <summary>Clients that ask one after the other, wherever they are sent, and never twice: a failure is a failure.</summary>
internal sealed class Load(HttpClient client, int port)
{
    private readonly ConcurrentDictionary<int, int> _served = new();
    private readonly ConcurrentDictionary<int, int> _open = new();
    private volatile int _port = port;
    private volatile bool _stopped;

    /// <summary>Where new requests go.</summary>
    public int Port
    {
        get => _port;
        set => _port = value;
    }

    public int Served => _served.Values.Sum();

    public ConcurrentQueue<string> Failures { get; } = new();

    public int ServedBy(int port) => _served.GetValueOrDefault(port);

    public int OpenAt(int port) => _open.GetValueOrDefault(port);

    public Task RunAsync(int clients) => Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(AskAsync)));

    public void Stop() => _stopped = true;

    private async Task AskAsync()
    {
        while (!_stopped)
        {
            int port = _port;
            _open.AddOrUpdate(port, 1, static (_, count) => count + 1);
            try
            {
                using HttpResponseMessage response = await client.GetAsync($"http://127.0.0.1:{port}/");
                string body = await response.Content.ReadAsStringAsync();
                if (response.IsSuccessStatusCode && body == "Hello")
                {
                    _served.AddOrUpdate(port, 1, static (_, count) => count + 1);
                }
                else
                {
                    Failures.Enqueue($"{port}: {(int)response.StatusCode} {body}");
                }
            }
            catch (HttpRequestException e)
            {
                Failures.Enqueue($"{port}: {e.Message} {e.InnerException?.Message}");
            }

            _open.AddOrUpdate(port, 0, static (_, count) => count - 1);
        }
    }
}
