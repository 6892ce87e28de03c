using System.Text.Json;

namespace Backpressure.AspNetCore.Tests.Dashboard;

/// <summary>Reads server-sent events as a browser does.</summary>
internal sealed class Events(Stream stream) : IAsyncDisposable
{
    private readonly StreamReader _reader = new(stream);

    public static async Task<Events> OpenAsync(HttpClient client, string path = "/backpressure/events")
    {
        HttpResponseMessage response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new Events(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The next event; null: the stream has ended.</summary>
    public async Task<(string Name, JsonElement Data)?> NextAsync()
    {
        string name = "message";
        string? data = null;
        while (await _reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Site.Patience, TimeProvider.System, TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Length == 0 && data is not null)
            {
                return (name, JsonElement.Parse(data));
            }

            string[] parts = line.Split(": ", 2);
            (name, data) = parts[0] switch
            {
                "event" => (parts[1], data),
                "data" => (name, data is null ? parts[1] : throw new InvalidOperationException("Data of two lines.")),
                _ => (name, data),
            };
        }

        return null;
    }

    /// <summary>The next event of a name.</summary>
    public async Task<JsonElement> NextAsync(string name)
    {
        while (await NextAsync() is { } next)
        {
            if (next.Name == name)
            {
                return next.Data;
            }
        }

        throw new InvalidOperationException($"The stream ended before an event {name}.");
    }

    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        await stream.DisposeAsync();
    }
}
