using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Backpressure.Browser.Tests;

public sealed partial class DashboardTests(Chromium browser) : IClassFixture<Chromium>
{
    [Fact]
    public void Chromium_IsFoundWhereItIsNamedOrUsuallyIs()
    {
        Assert.Equal("/opt/c", Chromium.Find("/opt/c", static path => path == "/opt/c"));
        Assert.Equal("/usr/bin/chromium", Chromium.Find(null, static path => path == "/usr/bin/chromium"));
        Assert.Null(Chromium.Find("", static _ => false));
        Assert.Contains(Chromium.Variable, Assert.Throws<InvalidOperationException>(() => Chromium.Find("/opt/c", static _ => false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnderLoad_SaysWhatIsShedAndWhy_AndAgreesWithMetrics()
    {
        await using Shop shop = await Shop.OpenAsync();
        IPage page = await browser.OpenAsync();
        var asked = new List<string>();
        var complaints = new List<string>();
        page.Request += (_, request) => asked.Add(request.Url);
        page.Console += (_, message) => complaints.Add($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync(shop.Page.ToString());
        await Assertions.Expect(page.Locator("#headline")).ToHaveAttributeAsync("data-state", "Calm");

        await using (shop.Sell())
        {
            await Assertions.Expect(page.Locator("#headline")).ToHaveAttributeAsync("data-state", "Shedding");
            await Assertions.Expect(page.Locator("#title")).ToHaveTextAsync(Headline());
            await Assertions.Expect(page.Locator("#why")).ToContainTextAsync(new Regex("Critical (is|and Normal are) served in full"));
            await Assertions.Expect(page.Locator("#do")).ToContainTextAsync("Downstreams:OrdersDb:Limit:Value");
            await Assertions.Expect(page.Locator("[data-priority=critical] .verdict")).ToHaveTextAsync("all served");
            await Assertions.Expect(page.Locator("[data-priority=low] .verdict")).ToContainTextAsync("% refused");
            await Assertions.Expect(page.Locator("#changes tbody tr").First).ToContainTextAsync("OrdersDb");
            await Assertions.Expect(page.Locator("#partitions tbody tr").First).ToContainTextAsync("#");
            string before = await ChartAsync(page);
            await page.WaitForFunctionAsync("before => document.querySelector('#chart-requests canvas').toDataURL() !== before", before);
        }

        // Everybody has an answer: now both count the same, and nothing moves any more.
        await Assertions.Expect(CellOf(page, 4)).ToHaveTextAsync("0");
        using var client = new HttpClient();
        string metrics = await client.GetStringAsync(new Uri(shop.Address, "/metrics"), TestContext.Current.CancellationToken);
        await Assertions.Expect(CellOf(page, 9)).ToHaveTextAsync(Shown(Sum(metrics, "backpressure_requests_total", "decision=\"admitted\"")));
        await Assertions.Expect(CellOf(page, 10)).ToHaveTextAsync(Shown(Sum(metrics, "backpressure_requests_total", "decision=\"rejected\"")));
        await Assertions.Expect(CellOf(page, 3)).ToHaveTextAsync(Shown(Sum(metrics, "backpressure_limit", "")));
        await Assertions.Expect(CellOf(page, 2)).ToHaveTextAsync(Shown(Sum(metrics, "backpressure_requests_active", "kind=\"ordinary\"")));
        foreach (string reason in Reasons().Matches(metrics).Select(static match => match.Groups[1].Value).Distinct())
        {
            await Assertions.Expect(page.Locator($"#reasons tr[data-key={reason}] td").Nth(2)).ToHaveTextAsync(Shown(Sum(metrics, "backpressure_requests_total", $"reason=\"{reason}\"")));
        }

        Assert.True(Sum(metrics, "backpressure_requests_total", "decision=\"rejected\"") > 0);
        Assert.All(asked, url => Assert.StartsWith(shop.Address.ToString(), url, StringComparison.Ordinal));
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task ServerThatRestarts_IsFoundAgain()
    {
        Shop shop = await Shop.OpenAsync();
        IPage page = await browser.OpenAsync();
        var errors = new List<string>();
        page.PageError += (_, error) => errors.Add(error);
        await page.GotoAsync(shop.Page.ToString());
        await Assertions.Expect(page.Locator("#link")).ToHaveAttributeAsync("data-link", "live");
        await Assertions.Expect(page.Locator("#chart-requests canvas")).ToBeVisibleAsync();

        await shop.DisposeAsync();
        await Assertions.Expect(page.Locator("#link")).ToHaveAttributeAsync("data-link", "lost");
        await Assertions.Expect(page.Locator("#link")).ToContainTextAsync("No connection");
        await using Shop again = await Shop.OpenAsync(shop.Address.Port);

        await Assertions.Expect(page.Locator("#link")).ToHaveAttributeAsync("data-link", "live");
        await Assertions.Expect(page.Locator("#link")).ToContainTextAsync("Live");
        Assert.Empty(errors);
        string before = await ChartAsync(page);
        await page.WaitForFunctionAsync("before => document.querySelector('#chart-requests canvas').toDataURL() !== before", before);
    }

    [Theory]
    [InlineData(320)]
    [InlineData(480)]
    [InlineData(1600)]
    public async Task NarrowScreen_NeedsNoScrollingSideways(int width)
    {
        await using Shop shop = await Shop.OpenAsync();
        await using Shop.Customers customers = shop.Sell();
        IPage page = await browser.OpenAsync(width: width);
        await page.GotoAsync(shop.Page.ToString());
        await Assertions.Expect(page.Locator("#headline")).ToHaveAttributeAsync("data-state", "Shedding");
        await Assertions.Expect(page.Locator("#chart-wait canvas")).ToBeVisibleAsync();

        Assert.InRange(await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 360)]
    public async Task Accessibility_HasNoSeriousFault(ColorScheme scheme, int width)
    {
        await using Shop shop = await Shop.OpenAsync();
        IPage page = await browser.OpenAsync(scheme, width);
        await page.GotoAsync(shop.Page.ToString());
        await Assertions.Expect(page.Locator("#headline")).ToHaveAttributeAsync("data-state", "Calm");
        AssertAccessible(await page.RunAxe());

        await using Shop.Customers customers = shop.Sell();
        await Assertions.Expect(page.Locator("#headline")).ToHaveAttributeAsync("data-state", "Shedding");
        await Assertions.Expect(page.Locator("#chart-reasons canvas")).ToBeVisibleAsync();
        AssertAccessible(await page.RunAxe());
    }

    [Fact]
    public async Task ColorScheme_FollowsTheSystem()
    {
        await using Shop shop = await Shop.OpenAsync();
        IPage page = await browser.OpenAsync();
        await page.GotoAsync(shop.Page.ToString());
        await Assertions.Expect(page.Locator("#chart-limit canvas")).ToBeVisibleAsync();
        Assert.True(await BrightnessAsync(page) > 200);

        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });

        Assert.True(await BrightnessAsync(page) < 60);
    }

    [Fact]
    public async Task Keyboard_ReadsChartsAndChoosesDownstreams()
    {
        await using Shop shop = await Shop.OpenAsync();
        IPage page = await browser.OpenAsync();
        await page.GotoAsync(shop.Page.ToString());
        await Assertions.Expect(page.Locator("#chart-limit canvas")).ToBeVisibleAsync();

        // The first stop skips to the state.
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the state", await FocusedAsync(page));
        await page.Keyboard.PressAsync("Enter");
        var stops = new List<string>();
        for (int i = 0; i < 30 && !stops.Contains("title-levels"); i++)
        {
            await page.Keyboard.PressAsync("Tab");
            stops.Add(await FocusedAsync(page));
            if (stops[^1] == "OrdersDb")
            {
                await page.Keyboard.PressAsync("Enter");
                await Assertions.Expect(page.Locator("#gates tr[data-key=OrdersDb] button")).ToHaveAttributeAsync("aria-pressed", "true");
                await Assertions.Expect(page.Locator("#chart-levels canvas")).ToBeVisibleAsync();
                await Assertions.Expect(page.Locator("#law")).ToHaveTextAsync("Limit of OrdersDb: Fixed, 4; it allows 4 now: as it is configured.");
            }
        }

        Assert.Contains("OrdersDb", stops);
        Assert.Contains("title-requests", stops);
        await page.Locator("#chart-limit .plot").FocusAsync();
        await page.Keyboard.PressAsync("ArrowLeft");
        await Assertions.Expect(page.Locator("#announce")).ToHaveTextAsync(new Regex("^[0-9:]{8}: In flight 0, Limit 4$"));
        await page.Locator("#filter").FillAsync("OrdersDb:Limit");
        await Assertions.Expect(page.Locator("#configuration tbody tr")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator("#configuration tbody tr").Nth(1)).ToContainTextAsync("code");
    }

    [Fact]
    public async Task PageThatIsOpenForLong_HoldsNoMoreThanTenMinutes()
    {
        await using Shop shop = await Shop.OpenAsync();
        IPage page = await browser.OpenAsync();
        await page.GotoAsync(shop.Page.ToString());
        string rings = Repository.Read("src/Backpressure.AspNetCore/Dashboard/Page/rings.js");

        int rows = await page.EvaluateAsync<int>($$"""
            () => { {{rings}}
              const ring = createRing();
              ring.load({ fields: ["limit"], signals: [], rows: [[0, 1]] }, false);
              for (let second = 1; second < 90000; second++) { ring.add(second, [second], {}); }
              return ring.length;
            }
            """);

        Assert.Equal(600, rows);
    }

    [Fact]
    public async Task PageThatIsOpenForHours_TakesNoMoreOfTheBrowserThanAfterTwentyMinutes()
    {
        await using Shop shop = await Shop.OpenAsync();
        IPage page = await browser.OpenAsync();

        // The page's own stream, so that events can be put into it as if time went faster.
        await page.AddInitScriptAsync("""
            window.EventSource = class extends EventSource {
              constructor(address) {
                super(address);
                window.stream = this;
                this.addEventListener("snapshot", event => window.snapshot = JSON.parse(event.data));
              }
            };
            let told = [];
            window.pass = async seconds => {
              const tell = (name, data) => stream.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
              for (let second = 0; second < seconds; second++) {
                window.time = (window.time ?? window.snapshot.at) + 1000;
                tell("snapshot", { ...window.snapshot, at: time });
                if (second % 5 === 0) {
                  told = [{ at: time, kind: "SheddingBegan", subject: "OrdersDb", text: `What changed at ${time}.` }, ...told].slice(0, 100);
                  tell("changes", told);
                }
                if (second % 60 === 0) { await new Promise(resolve => requestAnimationFrame(resolve)); }
              }

              // The shop's own word may have come between.
              tell("changes", told);
            };
            """);
        await page.GotoAsync(shop.Page.ToString());
        await using (shop.Sell())
        {
            await Assertions.Expect(page.Locator("#headline")).ToHaveAttributeAsync("data-state", "Shedding");
            await Assertions.Expect(page.Locator("#chart-reasons canvas")).ToBeVisibleAsync();
        }

        await page.EvaluateAsync("pass(20 * 60)");
        (long nodes, long listeners, long bytes) = await UseAsync(page);
        await page.EvaluateAsync("pass(3 * 60 * 60)");
        (long nodesLater, long listenersLater, long bytesLater) = await UseAsync(page);

        TestContext.Current.TestOutputHelper?.WriteLine($"After 20 minutes: {nodes} nodes, {listeners} listeners, {bytes} bytes; after three hours more: {nodesLater}, {listenersLater}, {bytesLater}.");
        Assert.InRange(nodesLater, 1, nodes + 1000);
        Assert.InRange(listenersLater, 1, listeners + 100);

        // Compiled code comes and goes by a megabyte; a row of the charts kept of each second would be three.
        Assert.InRange(bytesLater, 1, bytes + 2_200_000);
    }

    private static void AssertAccessible(AxeResult result) => Assert.Empty(result.Violations
        .Where(static violation => violation.Impact is "serious" or "critical")
        .Select(static violation => $"{violation.Id}: {violation.Help}: {string.Join("; ", violation.Nodes.Select(static node => node.Html))}"));

    private static ILocator CellOf(IPage page, int column) => page.Locator("#gates tr[data-key=OrdersDb] > *").Nth(column);

    private static Task<string> ChartAsync(IPage page) => page.EvaluateAsync<string>("document.querySelector('#chart-requests canvas').toDataURL()");

    private static Task<double> BrightnessAsync(IPage page) => page.EvaluateAsync<double>(
        "getComputedStyle(document.documentElement).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(Number).reduce((a, b) => a + b) / 3");

    private static Task<string> FocusedAsync(IPage page) =>
        page.EvaluateAsync<string>("document.activeElement.getAttribute('aria-labelledby') ?? document.activeElement.textContent");

    private static string Shown(double number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static double Sum(string metrics, string metric, string label) => Exposition.Sum(metrics, metric, "OrdersDb", label);

    /// <summary>What the page takes of the browser, once what nobody holds any more is gone.</summary>
    private static async Task<(long Nodes, long Listeners, long Bytes)> UseAsync(IPage page)
    {
        ICDPSession session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("HeapProfiler.enable");
        await session.SendAsync("HeapProfiler.collectGarbage");
        JsonElement? elements = await session.SendAsync("Memory.getDOMCounters");
        JsonElement? heap = await session.SendAsync("Runtime.getHeapUsage");
        await session.DetachAsync();
        return (elements!.Value.GetProperty("nodes").GetInt64(), elements.Value.GetProperty("jsEventListeners").GetInt64(), (long)heap!.Value.GetProperty("usedSize").GetDouble());
    }

    [GeneratedRegex("^Shedding (Low|Low and Normal) at OrdersDb since [0-9:]{5}$")]
    private static partial Regex Headline();

    [GeneratedRegex("decision=\"rejected\"[^}]*reason=\"([a-z_]+)\"")]
    private static partial Regex Reasons();
}
