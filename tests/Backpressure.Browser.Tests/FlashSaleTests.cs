using System.Globalization;
using System.Text.RegularExpressions;
using Backpressure.Deploy.Tests.Running;
using Microsoft.Playwright;

namespace Backpressure.Browser.Tests;

/// <summary>The page of <c>FlashSale --serve</c>, under five times what the shop can do: README's picture.</summary>
public sealed partial class FlashSaleTests(Chromium browser) : IClassFixture<Chromium>
{
    /// <summary>Where the picture goes; unset: it is only taken.</summary>
    private const string Picture = "BACKPRESSURE_PICTURE";

    // Long enough for charts that show something, where somebody wants the picture.
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(70);

    [Fact]
    public async Task UnderTheSale_PageIsWhereTheSampleSays_AndAgreesWithMetrics()
    {
        string folder = Repository.PathOf($"samples/FlashSale/bin/{Tool.Configuration}/net10.0");
        await using Tool sale = Tool.Start(Path.Combine(folder, "FlashSale"), ["--serve"], folder);
        await sale.EventuallyAsync(() => Task.FromResult(Address().IsMatch(sale.Output)), "an address to look at");
        var address = new Uri(Address().Match(sale.Output).Value);
        using var client = new HttpClient();

        IPage page = await browser.OpenAsync(width: 1280, height: 1180);
        await page.GotoAsync(address.ToString());
        await Assertions.Expect(page.Locator("#title")).ToHaveTextAsync(new Regex("^Shedding .*Low.* at ShopDb since [0-9:]{5}$"));
        await Assertions.Expect(page.Locator("#why")).ToContainTextAsync(new Regex(@"of [0-9,]+ requests a second are refused, most because .+ \([a-z_]+\)"));
        await Assertions.Expect(page.Locator("[data-priority=low] .verdict")).ToContainTextAsync("% refused");
        await Assertions.Expect(page.Locator("#signals tr[data-key=pool]")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#also")).ToContainTextAsync("Clients would be over their rate at Default");

        // It moves on while it is looked at, so what the page says lies between what a scrape before and one after say.
        string before = await ScrapeAsync(client, address);
        for (int events = 0; events < 3; events++)
        {
            await MovesAsync(page);
        }

        Counts shown = await ReadAsync(page);
        string after = await ScrapeAsync(client, address);
        AssertBetween(before, shown.Served, after, "decision=\"admitted\"");
        AssertBetween(before, shown.Refused, after, "decision=\"rejected\"");
        Assert.NotEmpty(shown.Reasons);
        Assert.All(shown.Reasons, reason => AssertBetween(before, reason.Value, after, $"reason=\"{reason.Key}\""));

        if (Environment.GetEnvironmentVariable(Picture) is { } file)
        {
            await Assertions.Expect(page.Locator("#badge")).ToHaveTextAsync(new Regex("for ([7-9][0-9]|1[0-9][0-9]) s$"), new() { Timeout = (float)(2 * Minute).TotalMilliseconds });
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = file });
        }

        // Its children end with it.
        await sale.SignalAsync("TERM");
        Assert.Equal(0, await sale.ExitAsync());
    }

    private static void AssertBetween(string before, long shown, string after, string label) => Assert.InRange(
        shown, (long)Exposition.Sum(before, "backpressure_requests_total", "ShopDb", label), (long)Exposition.Sum(after, "backpressure_requests_total", "ShopDb", label));

    private static Task<string> ScrapeAsync(HttpClient client, Uri address) => client.GetStringAsync(new Uri(address, "/metrics"), TestContext.Current.CancellationToken);

    /// <summary>Waits for another event, and for what the chart makes of it.</summary>
    private static async Task MovesAsync(IPage page)
    {
        string[] before = await page.EvaluateAsync<string[]>("[document.querySelector('#link').textContent, document.querySelector('#chart-requests canvas').toDataURL()]");
        await page.WaitForFunctionAsync(
            "([time, chart]) => document.querySelector('#link').textContent !== time && document.querySelector('#chart-requests canvas').toDataURL() !== chart", before);
    }

    /// <summary>Read in one go: between two events nothing on the page changes.</summary>
    private static async Task<Counts> ReadAsync(IPage page)
    {
        string[][] rows = await page.EvaluateAsync<string[][]>("""
            [document.querySelector("#gates tr[data-key=ShopDb]"), ...document.querySelectorAll("#reasons tbody tr")].map(row => [...row.cells].map(cell => cell.textContent))
            """);
        return new Counts(Number(rows[0][9]), Number(rows[0][10]), rows[1..].ToDictionary(static row => row[0], static row => Number(row[2])));
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [GeneratedRegex("http://[0-9.:]+/backpressure")]
    private static partial Regex Address();

    private sealed record Counts(long Served, long Refused, IReadOnlyDictionary<string, long> Reasons);
}
