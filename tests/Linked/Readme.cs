namespace Backpressure.Testing;

/// <summary>README.md as its tests need it: code blocks by language, and rows of tables.</summary>
internal sealed class Readme
{
    private readonly string[] _lines;

    private Readme(string text) => _lines = text.Split('\n');

    public static Readme Read() => new(Repository.Read("README.md"));

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

    /// <summary>The one block of JSON that has a section.</summary>
    public string Json(string section) =>
        string.Join('\n', Blocks("json").Single(lines => Array.Exists(lines, line => line.Contains($"\"{section}\":", StringComparison.Ordinal))));

    /// <summary>The cells of each row of the table whose header begins with a cell.</summary>
    public IReadOnlyList<string[]> Table(string firstHeader)
    {
        int header = Array.FindIndex(_lines, line => line.StartsWith($"| {firstHeader} |", StringComparison.Ordinal));
        Assert.True(header >= 0, $"README.md has no table that begins with '{firstHeader}'.");
        return [.. _lines.Skip(header + 2).TakeWhile(line => line.StartsWith('|')).Select(line => line.Split('|')[1..^1].Select(cell => cell.Trim()).ToArray())];
    }

    /// <summary>What a cell holds between back-ticks.</summary>
    public static IReadOnlyList<string> Code(string cell) => [.. cell.Split('`').Where((_, index) => index % 2 == 1)];
}
