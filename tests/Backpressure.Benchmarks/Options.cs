namespace Backpressure.Benchmarks;

/// <summary>What <c>compare</c> is asked to do.</summary>
internal sealed record Options
{
    public bool Quick { get; private init; }

    /// <summary>Only works whose name has this in it.</summary>
    public string? Only { get; private init; }

    public string? Json { get; private init; }

    public string? Markdown { get; private init; }

    public bool Wants(string work) => Only is null || work.Contains(Only, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the arguments after <c>compare</c>.</summary>
    /// <exception cref="UsageException">There is something among them that it does not know.</exception>
    public static Options Parse(ReadOnlySpan<string> arguments)
    {
        var options = new Options();
        while (arguments is [string name, ..])
        {
            arguments = arguments[1..];
            if (name == "--quick")
            {
                options = options with { Quick = true };
                continue;
            }

            if (name is not ("--only" or "--json" or "--markdown"))
            {
                throw new UsageException($"compare does not know {name}; it takes --quick, --only WORK, --json FILE and --markdown FILE.");
            }

            if (arguments is not [string value, ..])
            {
                throw new UsageException($"{name} needs a value: {(name == "--only" ? WorkNames : "a file")}.");
            }

            arguments = arguments[1..];
            options = name switch
            {
                "--only" => options with { Only = value },
                "--json" => options with { Json = value },
                _ => options with { Markdown = value },
            };
            if (options.Only is not null && !Works.All.Keys.Any(options.Wants))
            {
                throw new UsageException($"There is no work {options.Only}: {WorkNames}.");
            }
        }

        return options;
    }

    internal static string WorkNames => string.Join('|', Works.All.Keys);
}
