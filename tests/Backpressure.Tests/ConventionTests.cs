using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace Backpressure.Tests;

/// <summary>The rules of the layout that a compiler does not hold.</summary>
public sealed partial class ConventionTests
{
    private static readonly string[] Folders = ["src", "tests"];

    private static readonly string[] Stages = ["RateLimiting", "Admission", "Measurement", "Adaptation", "Signals", "Observability"];

    // Stages know the root vocabulary, the settings, and of each other only this.
    private static readonly (string From, string To)[] Allowed = [("Adaptation", "Measurement")];

    private const int LongestFile = 300;

    // Tests are lists of cases that nobody reads from end to end.
    private const int LongestTestFile = 500;

    // Longer than that, each for a reason.
    private static readonly Dictionary<string, int> LongFiles = new()
    {
        // One lock guards all of it, and who reads it must see that it does.
        ["Gate.cs"] = 420,

        // One law, its steps in order.
        ["AdaptiveLaw.cs"] = 400,
    };

    [Fact]
    public void Stages_SeeNothingOfEachOtherButMeasurementFromAdaptation()
    {
        string engine = Path.Combine(Root(), "src", "Backpressure");
        var seen = new List<string>();
        int files = 0;
        foreach (string stage in Stages.Where(s => Directory.Exists(Path.Combine(engine, s))))
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(engine, stage), "*.cs", SearchOption.AllDirectories))
            {
                files++;
                string code = Comments().Replace(File.ReadAllText(file), string.Empty);
                seen.AddRange(Stages.Append("Downstreams")
                    .Where(other => other != stage && !Allowed.Contains((stage, other)))
                    .Where(other => Regex.IsMatch(code, $@"using (static )?Backpressure\.{other}\b|\bBackpressure\.{other}\.|(?<![.\w]){other}\.[A-Z]"))
                    .Select(other => $"{Path.GetFileName(file)} ({stage}) sees {other}"));
            }
        }

        Assert.True(files > 20, "The sources were not found.");

        // Tags.cs has constants of these names, which are no stages.
        Assert.Empty(seen);
    }

    [Fact]
    public void Types_AreSealedUnlessTheyAreMadeToBeDerivedFrom()
    {
        IEnumerable<string> open = typeof(LoadShedder).Assembly.GetTypes()
            .Where(t => t.IsClass && !t.IsSealed && !t.IsAbstract && t.GetCustomAttribute<CompilerGeneratedAttribute>() is null)
            .Where(t => t.FullName!.StartsWith("Backpressure.", StringComparison.Ordinal) && !t.FullName.Contains('<', StringComparison.Ordinal))
            .Select(t => t.FullName!);

        Assert.Empty(open);
    }

    [Fact]
    public void PublicTypes_StandInTheRootNamespace()
    {
        Assert.All(typeof(LoadShedder).Assembly.GetExportedTypes(), t => Assert.Equal("Backpressure", t.Namespace));
    }

    [Fact]
    public void Names_SayWhatAThingIs()
    {
        IEnumerable<string> vague = typeof(LoadShedder).Assembly.GetTypes()
            .Where(t => t.GetCustomAttribute<CompilerGeneratedAttribute>() is null)
            .SelectMany(t => new[] { t.Name, t.Namespace ?? string.Empty })
            .Where(name => Vague().IsMatch(name));
        IEnumerable<string> folders = Sources().Select(f => Path.GetRelativePath(Root(), f)).Where(f => Vague().IsMatch(f));

        Assert.Empty(vague.Concat(folders));
    }

    [Fact]
    public void Files_AreShort()
    {
        IEnumerable<string> tooLong = Sources()
            .Select(file => (
                Name: Path.GetFileName(file),
                Lines: File.ReadLines(file).Count(),
                Longest: Path.GetRelativePath(Root(), file).StartsWith("tests", StringComparison.Ordinal) ? LongestTestFile : LongestFile))
            .Where(f => f.Lines > LongFiles.GetValueOrDefault(f.Name, f.Longest))
            .Select(f => $"{f.Name}: {f.Lines} lines");

        Assert.Empty(tooLong);
    }

    [Fact]
    public void Files_DeclareOnePublicTypeEach()
    {
        Assert.All(Sources(), file => Assert.True(
            PublicType().Count(File.ReadAllText(file)) <= 1, $"{Path.GetFileName(file)} declares more than one public type."));
    }

    private static IEnumerable<string> Sources() => Folders
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root(), folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !Generated().IsMatch(file));

    private static string Root()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Middleware.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("No folder above the tests holds Middleware.sln.");
    }

    [GeneratedRegex(@"[\\/](bin|obj)[\\/]")]
    private static partial Regex Generated();

    [GeneratedRegex(@"//.*$", RegexOptions.Multiline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"(Helper|Util|Common|Manager)s?\b")]
    private static partial Regex Vague();

    [GeneratedRegex(@"^public [\w ]*\b(class|struct|enum|interface|record|delegate)\b", RegexOptions.Multiline)]
    private static partial Regex PublicType();
}
