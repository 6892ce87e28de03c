using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Backpressure.Browser.Tests;

/// <summary>The first week of a rollout, as deploy/ROLLOUT.md shows it.</summary>
public sealed class ObservingTests(Chromium browser) : IClassFixture<Chromium>
{
    /// <summary>Where the guide's picture goes; unset: it is only taken.</summary>
    private const string Picture = "BACKPRESSURE_PICTURE_OBSERVED";

    [Fact]
    public async Task Observing_SaysWhatWouldBeShed_AndRefusesNobody()
    {
        await using Shop shop = await Shop.OpenAsync(mode: BackpressureMode.Observe);
        await using Shop.Customers customers = shop.Sell();
        IPage page = await browser.OpenAsync(width: 1280, height: 1180);
        await page.GotoAsync(shop.Page.ToString());

        await Assertions.Expect(page.Locator("#headline")).ToHaveAttributeAsync("data-state", "WouldShed");
        await Assertions.Expect(page.Locator("#headline")).ToContainTextAsync(new Regex("only observed"));
        await Assertions.Expect(page.Locator("#chart-requests canvas")).ToBeVisibleAsync();
        byte[] picture = await page.ScreenshotAsync(new PageScreenshotOptions { Path = Environment.GetEnvironmentVariable(Picture) });

        Assert.True(picture.Length > 20_000, $"{picture.Length} bytes is an empty page.");
        using var client = new HttpClient { BaseAddress = shop.Address };
        string metrics = await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Contains("decision=\"would_reject\"", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("decision=\"rejected\"", metrics, StringComparison.Ordinal);
    }
}
