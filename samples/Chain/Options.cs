namespace Chain;

/// <summary>The command line.</summary>
internal sealed record Options(string? JsonFile, string OutputFolder, bool Help)
{
    public const string Usage =
        """
        Three services that call each other, the last one slowed: without and with backpressure.

        Usage: dotnet run --project samples/Chain [-- OPTIONS]

          --json FILE   also write every figure as JSON
          --out DIR     where chain.png and chain.svg go (default: artifacts)
          --help        this

        Ends by itself within two minutes. Exit code 0: every claim held; 1: at least one did not.
        """;

    /// <summary>Reads the arguments, or says what is wrong with them.</summary>
    public static (Options? Options, string? Error) Parse(IReadOnlyList<string> args)
    {
        Options options = new(JsonFile: null, OutputFolder: "artifacts", Help: false);
        for (int i = 0; i < args.Count; i++)
        {
            string? value = i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal) ? args[i + 1] : null;
            switch (args[i])
            {
                case "--json" or "--out" when value is null:
                    return (null, $"{args[i]} needs a value: {args[i]} {(args[i] == "--json" ? "out.json" : "artifacts")}");
                case "--json":
                    options = options with { JsonFile = value };
                    i++;
                    break;
                case "--out":
                    options = options with { OutputFolder = value! };
                    i++;
                    break;
                case "--help" or "-h" or "-?":
                    options = options with { Help = true };
                    break;
                default:
                    return (null, $"Unknown argument '{args[i]}'. Known are --json FILE, --out DIR and --help.");
            }
        }

        return (options, null);
    }
}
