using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using Backpressure.Http.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Backpressure.Http.Tests.Documentation;

public sealed class ClientReadmeTests
{
    private static readonly Readme Text = Readme.Read();

    [Fact]
    public void KeyTable_HasEveryKeyWithItsDefault()
    {
        Dictionary<string, string> documented = Table("client key").ToDictionary(static row => row.Key, static row => row.Value.Default);
        var defaults = new BackpressureClientOptions();

        Assert.Equal(Keys().Select(static key => key.Name).Order(StringComparer.Ordinal), documented.Keys.Order(StringComparer.Ordinal));
        Assert.All(Keys(), key => Assert.Equal(
            key.GetValue(defaults) switch
            {
                LimitOptions or QueueOptions => "as there",
                null => "none",
                bool flag => flag ? "`true`" : "`false`",
                TimeSpan time => $"`{Backpressure.Configuration.OptionsErrors.Show(time)}`",
                var value => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
            },
            documented[key.Name]));
    }

    [Theory]
    [InlineData(typeof(BackpressureStrategyOptions), "`AddBackpressure` option")]
    [InlineData(typeof(RetryBudgetStrategyOptions), "`AddRetryBudget` option")]
    public void StrategyTables_HaveEveryOptionWithItsDefaultAndRange(Type type, string table)
    {
        Dictionary<string, (string Values, string Default)> documented = Table(table);
        PropertyInfo[] options = [.. type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)];
        object defaults = Activator.CreateInstance(type)!;

        Assert.Equal(options.Select(static option => option.Name).Order(StringComparer.Ordinal), documented.Keys.Order(StringComparer.Ordinal));
        Assert.All(options, option =>
        {
            (string values, string initial) = documented[option.Name];
            object? value = option.GetValue(defaults);
            if (value is not (null or LimitOptions))
            {
                Assert.Equal($"`{(value is TimeSpan time ? Backpressure.Configuration.OptionsErrors.Show(time) : Convert.ToString(value, CultureInfo.InvariantCulture))}`", initial);
            }

            if (option.GetCustomAttribute<RangeAttribute>() is { } range)
            {
                Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{range.Minimum} to {range.Maximum}"), values);
            }

            Assert.Equal(typeof(Delegate).IsAssignableFrom(option.PropertyType), values == "a delegate");
        });
    }

    [Fact]
    public void Json_IsAValidConfiguration_AndShowsEveryKeyThatOneCanWrite()
    {
        IConfigurationSection section = Section();
        var options = new BackpressureClientOptions();
        ClientOptionsReader.Read(section, options);

        Assert.True(new ClientOptionsValidator("payments", section.Path).Validate("payments", options).Succeeded);
        Assert.Equal(
            Keys().Select(static key => key.Name).Where(static name => name != nameof(options.RouteOf)).Order(StringComparer.Ordinal),
            section.GetChildren().Select(static child => child.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Snippets_Work()
    {
        var stub = new Stub { Answer = static _ => Stub.Status(HttpStatusCode.OK) };
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(Section().AsEnumerable().Where(static pair => pair.Value is not null));
        ClientSnippets.Client(builder);
        builder.Services.AddHttpClient("payments").ConfigurePrimaryHttpMessageHandler(() => stub);
        await using WebApplication app = builder.Build();
        using HttpClient client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient("payments");

        await ClientSnippets.Call(client);
        await ClientSnippets.Work(app.Services.GetRequiredService<AmbientRequests>(), client);
        await ClientSnippets.Pipeline().ExecuteAsync(
            static _ => ValueTask.FromResult(new HttpResponseMessage()), TestContext.Current.CancellationToken);

        Assert.Equal(["Low", "Low"], stub.Sent.Select(static request => request.Headers.GetValues("Backpressure-Priority").Single()));
        Assert.True(stub.Sent[1].Headers.Contains("x-envoy-expected-rq-timeout-ms"));
    }

    private static Dictionary<string, (string Values, string Default)> Table(string firstHeader) =>
        Text.Table(firstHeader).ToDictionary(static row => row[0].Trim('`'), static row => (row[1], row[2]));

    private static PropertyInfo[] Keys() => typeof(BackpressureClientOptions).GetProperties(BindingFlags.Instance | BindingFlags.Public);

    private static IConfigurationSection Section()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(Text.Json("Clients")));
        return new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Clients:payments");
    }
}
