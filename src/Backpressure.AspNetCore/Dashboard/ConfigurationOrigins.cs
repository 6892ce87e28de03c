using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.KeyPerFile;
using Microsoft.Extensions.Configuration.Memory;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>Says which provider of the configuration a key's value comes from.</summary>
internal sealed class ConfigurationOrigins
{
    /// <summary>In place of a value that comes from where secrets are kept.</summary>
    public const string Hidden = "(hidden)";

    private const string Unknown = "configuration";

    private readonly IReadOnlyList<IConfiguration> _sections;
    private readonly IConfiguration? _host;

    /// <param name="sections">What the options are read from, the last word last.</param>
    /// <param name="host">The host's configuration, in which they usually lie.</param>
    public ConfigurationOrigins(IReadOnlyList<IConfiguration> sections, IConfiguration? host)
    {
        _sections = sections;
        _host = host;
    }

    /// <summary>Where a key's value comes from; null: no configuration sets it.</summary>
    public (string Name, bool IsSecret)? Of(string key)
    {
        for (int i = _sections.Count - 1; i >= 0; i--)
        {
            IConfigurationSection found = _sections[i].GetSection(key);
            if (found.Value is not null || found.GetChildren().Any())
            {
                return RootOf(_sections[i]) is { } root ? ProviderOf(root, found.Path) : (Unknown, false);
            }
        }

        return null;
    }

    private IConfigurationRoot? RootOf(IConfiguration section) => section as IConfigurationRoot
        ?? (_host is IConfigurationRoot root && ReferenceEquals(root.GetReloadToken(), section.GetReloadToken()) ? root : null);

    private static (string Name, bool IsSecret) ProviderOf(IConfigurationRoot root, string path)
    {
        foreach (IConfigurationProvider provider in root.Providers.Reverse())
        {
            if (provider.TryGet(path, out _) || provider.GetChildKeys([], path).Any())
            {
                return provider is ChainedConfigurationProvider { Configuration: IConfigurationRoot inner } ? ProviderOf(inner, path) : (NameOf(provider), IsSecret(provider));
            }
        }

        return (Unknown, false);
    }

    // Never a provider's own text: it may hold an address or more.
    private static string NameOf(IConfigurationProvider provider) => provider switch
    {
        FileConfigurationProvider file => Path.GetFileName(file.Source.Path) ?? "file",
        EnvironmentVariablesConfigurationProvider => "environment variable",
        CommandLineConfigurationProvider => "command line",
        KeyPerFileConfigurationProvider => "key-per-file",
        MemoryConfigurationProvider => "in memory (code)",
        _ => provider.GetType().Name.Replace("ConfigurationProvider", "", StringComparison.Ordinal),
    };

    private static bool IsSecret(IConfigurationProvider provider) =>
        provider is KeyPerFileConfigurationProvider
        || (provider is FileConfigurationProvider file && HoldsSecrets(Path.GetFileName(file.Source.Path)))
        || HoldsSecrets(provider.GetType().Name);

    private static bool HoldsSecrets(string? name) =>
        name is not null && (name.Contains("secret", StringComparison.OrdinalIgnoreCase) || name.Contains("vault", StringComparison.OrdinalIgnoreCase));
}
