namespace Backpressure.Benchmarks.Live;

/// <summary>The command line of <c>live</c>.</summary>
internal sealed record LiveOptions(bool Quick, string? Json, string? Markdown, string? Plot, string? Only, bool Help)
{
    public const string Usage =
        """
        Overload over real sockets: a Kestrel on one core, its clients on another, a downstream that is too small between.

        Usage: dotnet run --project tests/Backpressure.Benchmarks -c Release -- live [OPTIONS]

          --quick           the harder half, shorter: about 4 minutes in place of about 20
          --json FILE       write every figure as JSON
          --markdown FILE   write the table
          --plot FILE       draw goodput by offered load: .png or .svg
          --only NAME       only runs with NAME in "work: subject": --only overload, --only "fixed: Backpressure"
          --help            this

        Exit code 0: every target was met; 1: one was not, or a run was void.
        """;

    private const string Known = "Known are --quick, --json FILE, --markdown FILE, --plot FILE, --only NAME and --help.";

    /// <summary>What is wrong with the files to be written, if anything: better said now than in twenty minutes.</summary>
    public string? FindUnwritable()
    {
        foreach ((string name, string? file) in (ReadOnlySpan<(string, string?)>)[("--json", Json), ("--markdown", Markdown), ("--plot", Plot)])
        {
            if (file is null)
            {
                continue;
            }

            try
            {
                string path = Path.GetFullPath(file);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                bool isNew = !File.Exists(path);
                File.Open(path, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
                if (isNew)
                {
                    File.Delete(path);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return $"{name} '{file}' cannot be written: {exception.Message} Name a file that you may write: {Example(name)}";
            }
        }

        return null;
    }

    /// <summary>Reads the arguments, or says what is wrong with them.</summary>
    public static (LiveOptions? Options, string? Error) Parse(IReadOnlyList<string> args)
    {
        LiveOptions options = new(Quick: false, Json: null, Markdown: null, Plot: null, Only: null, Help: false);
        for (int i = 0; i < args.Count; i++)
        {
            string name = args[i];
            if (name is "--quick" or "--help" or "-h")
            {
                options = name == "--quick" ? options with { Quick = true } : options with { Help = true };
                continue;
            }

            if (name is not ("--json" or "--markdown" or "--plot" or "--only"))
            {
                return (null, $"Unknown argument '{name}'. {Known}");
            }

            if (++i >= args.Count || args[i].Length == 0 || args[i].StartsWith("--", StringComparison.Ordinal))
            {
                return (null, $"{name} needs a value, and {(i < args.Count ? $"'{args[i]}' is none" : "there is none")}: {Example(name)}");
            }

            string value = args[i];
            if (name == "--plot" && Path.GetExtension(value).ToUpperInvariant() is not (".PNG" or ".SVG"))
            {
                return (null, $"--plot draws .png or .svg, not '{value}': {Example(name)}");
            }

            if (name != "--only" && Directory.Exists(value))
            {
                return (null, $"{name} needs a file, and '{value}' is a folder: {Example(name)}");
            }

            options = name switch
            {
                "--json" => options with { Json = value },
                "--markdown" => options with { Markdown = value },
                "--plot" => options with { Plot = value },
                _ => options with { Only = value },
            };
        }

        return (options, null);
    }

    private static string Example(string name) => name switch
    {
        "--json" => "--json live.json",
        "--markdown" => "--markdown live.md",
        "--plot" => "--plot live.png",
        _ => "--only overload",
    };
}
