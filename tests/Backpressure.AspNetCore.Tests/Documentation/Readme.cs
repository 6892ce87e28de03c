using Backpressure.Configuration;
using Microsoft.Extensions.Configuration;

namespace Backpressure.AspNetCore.Tests.Documentation;

/// <summary>README.md as its tests need it: code blocks by language, and rows of tables.</summary>
internal sealed class Readme
{
    private readonly string[] _lines;

    private Readme(string text) => _lines = text.ReplaceLineEndings("\n").Split('\n');

    /// <summary>The repository that the running tests were built in.</summary>
    public static DirectoryInfo Root { get; } = FindRoot();

    public static Readme Read() => new(ReadFile("README.md"));

    public static string ReadFile(string path) => File.ReadAllText(Path.Combine(Root.FullName, path));

    /// <summary>The code blocks of a language, as lines without indentation.</summary>
    public IReadOnlyList<string[]> Blocks(params string[] languages)
    {
        var blocks = new List<string[]>();
        for (int i = 0; i < _lines.Length; i++)
        {
            if (_lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                int end = Array.IndexOf(_lines, "```", i + 1);
                Assert.True(end > i, $"The code block at line {i + 1} of README.md does not end.");
                if (languages.Contains(_lines[i][3..].Trim()))
                {
                    blocks.Add(_lines[(i + 1)..end]);
                }

                i = end;
            }
        }

        return blocks;
    }

    /// <summary>The cells of each row of the table whose header begins with a cell.</summary>
    public IReadOnlyList<string[]> Table(string firstHeader)
    {
        int header = Array.FindIndex(_lines, line => line.StartsWith($"| {firstHeader} |", StringComparison.Ordinal));
        Assert.True(header >= 0, $"README.md has no table that begins with '{firstHeader}'.");
        return [.. _lines.Skip(header + 2).TakeWhile(line => line.StartsWith('|')).Select(line => line.Split('|')[1..^1].Select(cell => cell.Trim()).ToArray())];
    }

    /// <summary>What a cell holds between back-ticks.</summary>
    public static IReadOnlyList<string> Code(string cell) => [.. cell.Split('`').Where((_, index) => index % 2 == 1)];

    /// <summary>What a package registers that a configuration has a store of, for limits that a fleet shares; null where it has none.</summary>
    public static FleetStoreSection? StoreOf(IConfigurationSection section) =>
        section.GetSection("Redis").Exists() ? new FleetStoreSection("Redis", static _ => { }) : null;

    private static DirectoryInfo FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Middleware.sln")))
        {
            folder = folder.Parent;
        }

        return folder ?? throw new InvalidOperationException($"No Middleware.sln above {AppContext.BaseDirectory}: run the tests where they were built, in the repository.");
    }
}
