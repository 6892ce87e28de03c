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
        var lines = new List<string>();
        while (await _reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Site.Patience, TimeProvider.System, TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                lines.Add(line);
                continue;
            }

            // A block without data, such as the first, which says how soon to come back, is no event.
            if (lines.Exists(static field => field.StartsWith("data: ", StringComparison.Ordinal)))
            {
                return (ValueOf(lines, "event: "), JsonElement.Parse(ValueOf(lines, "data: ")));
            }

            lines.Clear();
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

    private static string ValueOf(List<string> lines, string field) =>
        Assert.Single(lines, line => line.StartsWith(field, StringComparison.Ordinal))[field.Length..];

    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        await stream.DisposeAsync();
    }
}
