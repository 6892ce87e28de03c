using Backpressure.AspNetCore.Classification;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;

namespace Backpressure.AspNetCore.Hosting;

/// <summary>
/// Makes settings of all that AddBackpressure was told: first the code, then the sections on top, each in the order of
/// the calls, so that operators have the last word (and the kill switch).
/// </summary>
internal sealed class SettingsSource
{
    private readonly OptionsStep[] _code;
    private readonly KnownSignal[] _signals;
    private readonly ParameterPolicyFactory? _constraints;
    private readonly FleetStoreSection? _fleet;
    private volatile IReadOnlyCollection<RequiredPolicy> _required = [];

    public SettingsSource(
        IEnumerable<OptionsStep> steps, IEnumerable<KnownSignal> signals, ParameterPolicyFactory? constraints, FleetStoreSection? fleet = null)
    {
        _fleet = fleet;
        _signals = [.. signals];
        OptionsStep[] all = [.. steps];
        _code = [.. all.Where(static step => step.Code is not null)];
        Sections = Distinct(all.Select(static step => step.Section).OfType<IConfiguration>());
        _constraints = constraints;
    }

    /// <summary>The sections, for their reload tokens.</summary>
    public IReadOnlyList<IConfiguration> Sections { get; }

    /// <summary>Whether a package keeps limits that a fleet shares.</summary>
    public bool HasFleetStore => _fleet is not null;

    /// <summary>The path that keys are named under.</summary>
    private string Root => Sections.Count == 0
        ? SettingsFactory.DefaultRoot
        : (Sections[^1] as IConfigurationSection)?.Path ?? "";

    /// <summary>Policies that endpoints name: a configuration without one of them is an error from now on.</summary>
    /// <exception cref="BackpressureOptionsException">The configuration in force is without one.</exception>
    public void Require(IReadOnlyCollection<RequiredPolicy> policies, ShedderSettings inForce)
    {
        string[] errors = [.. Missing(inForce.Policies.Keys, policies)];
        if (errors.Length > 0)
        {
            throw new BackpressureOptionsException(errors);
        }

        _required = policies;
    }

    /// <summary>The options as code alone has them, and as they are with all configuration on top; what is wrong in it is left out.</summary>
    public (BackpressureOptions Code, BackpressureOptions All) ReadOptions()
    {
        var errors = new OptionsErrors();
        return (Read([], errors), Read(Sections, errors));
    }

    /// <summary>Reads everything anew.</summary>
    /// <exception cref="BackpressureOptionsException">With every error there is.</exception>
    public ShedderSettings Read()
    {
        var errors = new OptionsErrors();
        BackpressureOptions options = Read(Sections, errors);
        string root = Root;
        OptionsValidator.Validate(options, root, errors, HasFleetStore);
        _fleet?.Validate(errors);
        CheckTemplates(options, OptionsValidator.Join(root, nameof(options.Routes)), errors);
        string[] missing = [.. Missing(options.Policies.Keys.Append("Default"), _required)];
        return errors.Count + missing.Length == 0
            ? SettingsFactory.Build(options, hasFleetStore: HasFleetStore)
            : throw new BackpressureOptionsException([.. errors.Texts, .. missing]);
    }

    private BackpressureOptions Read(IReadOnlyList<IConfiguration> sections, OptionsErrors errors)
    {
        var options = new BackpressureOptions();
        foreach (OptionsStep step in _code)
        {
            step.Code!(options);
        }

        foreach (IConfiguration section in sections)
        {
            OptionsReader.Read(section, options, errors, _fleet?.Key);
        }

        // Last, so that an entry of the user's own stands.
        foreach (KnownSignal signal in _signals)
        {
            signal.AddTo(options);
        }

        return options;
    }

    private void CheckTemplates(BackpressureOptions options, string path, OptionsErrors errors)
    {
        foreach ((string name, RouteOptions route) in options.Routes)
        {
            if (route?.Match?.Path is { } template && RouteMatcher.FaultOf(template, _constraints) is { } fault)
            {
                errors.Add($"{path}:{name}:Match:Path", OptionsErrors.Quote(template), fault);
            }
        }
    }

    /// <summary>An error for each endpoint whose policy does not exist.</summary>
    private IEnumerable<string> Missing(IEnumerable<string> known, IEnumerable<RequiredPolicy> required)
    {
        var names = new SortedSet<string>(known, StringComparer.OrdinalIgnoreCase);
        string policies = OptionsValidator.Join(Root, nameof(BackpressureOptions.Policies));
        return required
            .Where(policy => !names.Contains(policy.Name))
            .Select(policy => $"Endpoint '{policy.Endpoint}' names the policy \"{policy.Name}\", which is not under {policies}; there are: {string.Join(", ", names)}. "
                + $"Define {OptionsValidator.Join(policies, policy.Name)}, or name another at the endpoint.");
    }

    /// <summary>GetSection makes a new object each time: the same section is known by its path and its root's token.</summary>
    private static List<IConfiguration> Distinct(IEnumerable<IConfiguration> sections)
    {
        var distinct = new List<IConfiguration>();
        foreach (IConfiguration section in sections)
        {
            if (!distinct.Exists(other => (other as IConfigurationSection)?.Path == (section as IConfigurationSection)?.Path
                && ReferenceEquals(other.GetReloadToken(), section.GetReloadToken())))
            {
                distinct.Add(section);
            }
        }

        return distinct;
    }
}
