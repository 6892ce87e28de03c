using System.Globalization;
using Backpressure.Simulation.Laws;
using Backpressure.Simulation.Plants;
using Backpressure.Simulation.Scenarios;

namespace Backpressure.Simulation;

/// <summary>What was asked for on the command line.</summary>
internal sealed record Options
{
    public const string Usage = """
        Runs the scenarios of the overload laboratory in virtual time and prints the scoreboard.

          dotnet run --project tests/Backpressure.Simulation -c Release -- [OPTIONS]

          --scenario N[,N…]   only these scenarios
          --law NAME[,NAME…]  only these laws, beside the oracle; "bad" is the three controllers that must fail; Power, Marginal
                              and Bottleneck, on trial, otherwise run only in the rows that Adaptive misses
          --plant C,W,κ       another plant: servers, mean service time in ms, contention; or the name of one of the
                              other plants ("bursts"), "default", or all "others" or "fresh" ones
          --seed S | S-T      only this seed, or all from S to T (default 101-105, which are kept to report on: choose parameters
                              on 1-55; with --quick 101-102); the controllers that must fail take the first two of them
          --initial N[,N…]    only these initial limits (default 1,4,20,100,1000; on other and fresh plants 20)
          --detail            every plant and initial limit on its own
          --quick             fewer seeds, initial limits and plants: for a first look, under 30 s on two cores
          --threads N         on so many threads (default: one for each processor)
          --json FILE         writes { "rows": [ { "scenario", "plant", "law", "figure", "mean", "worst", "threshold", "met" } ] }
          --plot FILE         instead of the scoreboard draws one run of one --scenario (.png or .svg): of Adaptive, or the
                              first --law, on κ = 0.3, or the first --plant, with the first --seed and --initial
          --write FOLDER      writes all that is committed: the scoreboard, that of --quick, one of the seeds that parameters were
                              chosen on, and a picture a scenario
          --against FILE      ends with 1 when a figure is worse than in this JSON file of an earlier run
          --help

        It ends with 1 when a controller that must fail does not, or a figure is worse than --against says; with 2 when it
        was asked wrongly.
        """;

    public IReadOnlyList<int>? Scenarios { get; private set; }

    public IReadOnlyList<LawUnderTest>? Laws { get; private set; }

    /// <summary>Null: the default ones and the others.</summary>
    public IReadOnlyList<PlantSpec>? Plants { get; private set; }

    public (int From, int To)? Seeds { get; private set; }

    public IReadOnlyList<int>? Initials { get; private set; }

    public bool Detail { get; private set; }

    public bool Quick { get; private set; }

    public bool Help { get; private set; }

    /// <summary>What --write's quick scoreboard is asked for.</summary>
    public static Options TheQuick { get; } = new() { Quick = true };

    /// <summary>Reported on, unless others are asked for: nothing may ever be chosen on these.</summary>
    public static (int From, int To) Reported { get; } = (101, 105);

    /// <summary>What --write adds of the seeds that parameters were searched on, so that luck shows.</summary>
    public static Options TheSearched { get; } = new()
    {
        Laws = [LawUnderTest.Best],
        Plants = [.. PlantList.Default, .. PlantList.Others.Plants],
        Seeds = (1, 5),
    };

    public int Threads { get; private set; } = Environment.ProcessorCount;

    public string? Json { get; private set; }

    public string? Plot { get; private set; }

    public string? Write { get; private set; }

    public string? Against { get; private set; }

    /// <summary>Nothing was left out: what the scoreboard says is said of all of it.</summary>
    public bool IsWhole => Scenarios is null && Laws is null && Plants is null && Initials is null;

    /// <summary>Reads them all, and says all that is wrong with them at once.</summary>
    public static Options Parse(IReadOnlyList<string> arguments, List<string> errors)
    {
        Options options = new();
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i];
            switch (name)
            {
                case "--help" or "-h":
                    options.Help = true;
                    break;
                case "--detail":
                    options.Detail = true;
                    break;
                case "--quick":
                    options.Quick = true;
                    break;
                case "--scenario" or "--law" or "--plant" or "--seed" or "--initial" or "--threads" or "--json" or "--plot" or "--write"
                    or "--against":
                    if (i + 1 == arguments.Count || arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                    {
                        errors.Add($"{name} needs a value after it. See --help.");
                    }
                    else
                    {
                        options.Take(name, arguments[++i], errors);
                    }

                    break;
                default:
                    errors.Add($"{name}: no such option. See --help.");
                    break;
            }
        }

        options.CheckTogether(errors);
        return options;
    }

    private void Take(string name, string value, List<string> errors)
    {
        switch (name)
        {
            case "--scenario":
                int[] known = [.. Catalogue.All.Select(s => s.Number).Distinct()];
                Scenarios = ListOf(name, value, n => known.Contains(n), $"one of {string.Join(", ", known)}", errors);
                break;
            case "--law":
                Laws = LawsOf(value, errors);
                break;
            case "--plant":
                Plants = PlantsOf(value, errors);
                break;
            case "--seed":
                string[] ends = value.Split('-', 2);
                if (ends.Select(e => int.TryParse(e, NumberStyles.None, CultureInfo.InvariantCulture, out _)).All(ok => ok)
                    && Number(ends[0]) <= Number(ends[^1]) && Number(ends[^1]) - Number(ends[0]) < 1000)
                {
                    Seeds = (Number(ends[0]), Number(ends[^1]));
                }
                else
                {
                    errors.Add($"--seed {value}: neither a whole number from 0 nor a range of at most 1000 of them. Write --seed 7 or --seed 6-10.");
                }

                break;
            case "--initial":
                Initials = ListOf(name, value, n => n is >= 1 and <= 1000, "a whole number from 1 to 1000", errors);
                break;
            case "--threads":
                Threads = ListOf(name, value, n => n is >= 1 and <= 256, "a whole number from 1 to 256", errors)?[0] ?? Threads;
                break;
            case "--json":
                Json = FileToWrite(name, value, errors);
                break;
            case "--plot":
                Plot = FileToWrite(name, value, errors);
                if (Path.GetExtension(value).ToUpperInvariant() is not (".PNG" or ".SVG"))
                {
                    errors.Add($"--plot {value}: the name must end in .png or .svg, which says what is written.");
                }

                break;
            case "--write":
                Write = value;
                if (!Directory.Exists(value))
                {
                    errors.Add($"--write {value}: there is no such folder. Make it, or name another.");
                }

                break;
            default:
                Against = value;
                if (!File.Exists(value))
                {
                    errors.Add($"--against {value}: there is no such file. --quick --json {value} writes it.");
                }

                break;
        }

        static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }

    private static string FileToWrite(string name, string value, List<string> errors)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(value)) is { } folder && !Directory.Exists(folder))
        {
            errors.Add($"{name} {value}: the folder {folder} does not exist. Make it, or name another file.");
        }

        return value;
    }

    private void CheckTogether(List<string> errors)
    {
        if (Plot is not null && Scenarios is not { Count: 1 })
        {
            errors.Add("--plot draws one scenario: name it, as in --scenario 4.");
        }

        if (Write is not null && (!IsWhole || Seeds is not null || Quick))
        {
            errors.Add("--write writes all: leave --scenario, --law, --plant, --seed, --initial and --quick out.");
        }
    }

    private static List<int>? ListOf(string name, string value, Predicate<int> allowed, string bound, List<string> errors)
    {
        List<int> list = [];
        foreach (string part in value.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || !allowed(number))
            {
                errors.Add($"{name} {value}: {(part.Length == 0 ? "an empty part" : part)} is not {bound}. Separate several by commas, without spaces.");
                return null;
            }

            list.Add(number);
        }

        return list;
    }

    private static List<LawUnderTest> LawsOf(string value, List<string> errors)
    {
        List<LawUnderTest> laws = [];
        LawUnderTest[] known = [.. LawUnderTest.Columns, .. LawUnderTest.Trials, .. LawUnderTest.BadOnes];
        foreach (string part in value.Split(','))
        {
            if (part.Equals("bad", StringComparison.OrdinalIgnoreCase))
            {
                laws.AddRange(LawUnderTest.BadOnes);
            }
            else if (known.FirstOrDefault(l => l.Name.Equals(part, StringComparison.OrdinalIgnoreCase)) is { } law)
            {
                laws.Add(law);
            }
            else
            {
                errors.Add($"--law {value}: {part} is no law. There are {string.Join(", ", known.Select(l => l.Name))}, and bad for the last three.");
            }
        }

        return laws;
    }

    private static IReadOnlyList<PlantSpec> PlantsOf(string value, List<string> errors)
    {
        if (value == "default")
        {
            return PlantList.Default;
        }

        if (PlantList.Groups.FirstOrDefault(g => g.Name == value) is { } group)
        {
            return group.Plants;
        }

        PlantSpec[] known = [.. PlantList.Groups.SelectMany(g => g.Plants)];
        if (Array.Find(known, p => p.Name == value) is { } named)
        {
            return [named];
        }

        string[] parts = value.Split(',');
        double[] numbers = [.. parts.Select(p => double.TryParse(p, NumberStyles.Float, CultureInfo.InvariantCulture, out double n) ? n : double.NaN)];
        if (numbers.Length != 3 || numbers.Any(double.IsNaN))
        {
            errors.Add($"--plant {value}: neither three numbers nor a plant's name. Write servers, ms and contention, as in --plant 8,20,0.3, or one of default, {string.Join(", ", PlantList.Groups.Select(g => g.Name).Concat(known.Select(p => p.Name)))}.");
            return [];
        }

        Check("servers C", numbers[0], 1, 1000);
        Check("mean service time W in ms", numbers[1], 1, 60_000);
        Check("contention κ", numbers[2], 0, 2);
        return [new PlantSpec { Name = value, Servers = numbers[0], MeanService = numbers[1] / 1000, Contention = numbers[2] }];

        void Check(string what, double number, double least, double most)
        {
            if (number < least || number > most)
            {
                errors.Add(string.Create(CultureInfo.InvariantCulture, $"--plant {value}: the {what} ({number}) must be from {least} to {most}. Choose one within."));
            }
        }
    }
}
