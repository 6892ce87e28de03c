using Microsoft.Playwright;

// One shop at a time: meters are found by name, so each shop's /metrics would tell of the others in the process too.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

namespace Backpressure.Browser.Tests;

/// <summary>Debian's Chromium, driven by Playwright: one for all tests, started by the first that needs it.</summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>Names another Chromium.</summary>
    internal const string Variable = "BACKPRESSURE_CHROMIUM";

    private static readonly string[] WellKnown = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly SemaphoreSlim _starting = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Where Chromium is; null: nowhere.</summary>
    internal static string? Find(string? named, Func<string, bool> exists) =>
        string.IsNullOrEmpty(named) ? Array.Find(WellKnown, path => exists(path))
        : exists(named) ? named
        : throw new InvalidOperationException($"{Variable} names {named}, which is not there. Correct it, or unset it to look in {string.Join(", ", WellKnown)}.");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>A page in a context of its own; what it asks for is kept.</summary>
    internal async Task<IPage> OpenAsync(ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 900)
    {
        string? path = Find(Environment.GetEnvironmentVariable(Variable), File.Exists);
        Assert.SkipWhen(path is null, $"No Chromium. Install it (apt-get install chromium), or name one by {Variable}.");
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path, Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
        }
        finally
        {
            _starting.Release();
        }

        IBrowserContext context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = scheme, ViewportSize = new ViewportSize { Width = width, Height = height }, TimezoneId = "UTC", Locale = "en-GB",
        });
        context.SetDefaultTimeout((float)Shop.Patience.TotalMilliseconds);
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        _starting.Dispose();
    }
}
