using System.Globalization;

namespace FlashSale;

/// <summary>The command line.</summary>
internal sealed record Options(string? JsonFile, string OutputFolder, bool Serve, int Port, bool Help)
{
    public const string Usage =
        """
        A shop in a flash sale: five times more work than it can do, played four times over.

        Usage: dotnet run --project samples/FlashSale [-- OPTIONS]

          --json FILE   also write every figure as JSON
          --out DIR     where flash-sale.png and flash-sale.svg go (default: artifacts)
          --serve       play act 4 only, its traffic included, until Ctrl+C, and say where to look
          --port N      where the shop of --serve listens, 1 to 65535 (default: a free port)
          --help        this

        Ends by itself within two minutes. Exit code 0: every claim held; 1: at least one did not.
        """;

    /// <summary>Reads the arguments, or says what is wrong with them.</summary>
    public static (Options? Options, string? Error) Parse(IReadOnlyList<string> args)
    {
        Options options = new(JsonFile: null, OutputFolder: "artifacts", Serve: false, Port: 0, Help: false);
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
                case "--port" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= 65535:
                    options = options with { Port = port };
                    i++;
                    break;
                case "--port":
                    return (null, $"--port needs a number from 1 to 65535, not '{value}': --port 8080");
                case "--serve":
                    options = options with { Serve = true };
                    break;
                case "--help" or "-h" or "-?":
                    options = options with { Help = true };
                    break;
                default:
                    return (null, $"Unknown argument '{args[i]}'. Known are --json FILE, --out DIR, --serve, --port N and --help.");
            }
        }

        return (options, null);
    }
}
