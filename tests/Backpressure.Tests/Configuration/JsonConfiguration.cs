using System.Text;
using Microsoft.Extensions.Configuration;

namespace Backpressure.Tests.Configuration;

/// <summary>Configuration as a user writes it, without a file.</summary>
internal static class JsonConfiguration
{
    /// <summary>The section <c>Backpressure</c> with the given JSON as its body (comments allowed).</summary>
    public static IConfigurationSection Section(string body) =>
        Root($$"""{ "Backpressure": {{body}} }""").GetSection("Backpressure");

    /// <summary>Later texts override earlier ones, as files do.</summary>
    public static IConfigurationRoot Root(params string[] texts)
    {
        var builder = new ConfigurationBuilder();
        foreach (var text in texts)
        {
            builder.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        }

        return builder.Build();
    }
}
