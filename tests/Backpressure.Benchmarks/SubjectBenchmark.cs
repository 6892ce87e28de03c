using System.Globalization;
using BenchmarkDotNet.Attributes;

namespace Backpressure.Benchmarks;

/// <summary>One subject of one comparison, prepared in the benchmark's own process. Public because BenchmarkDotNet derives from it.</summary>
[MemoryDiagnoser]
public class SubjectBenchmark
{
    /// <summary>How often the subject does its work in one call: a loop's start, or a thread's, is spread over so many.</summary>
    public const int Operations = 40_000;

    private const string Separator = " | ";

    private Action<int>? _run;
    private int _times;

    /// <summary>The names of all there are; a name and not an object, so that the benchmark's process need not prepare the others.</summary>
    public static IEnumerable<string> Subjects =>
        from work in Works.All
        from comparison in work.Value().Index()
        from subject in comparison.Item.Subjects
        select string.Join(Separator, work.Key, comparison.Index.ToString(CultureInfo.InvariantCulture), comparison.Item.Work, subject.Name);

    /// <summary>Work, the comparison's place in it, its title, and who does it.</summary>
    [ParamsSource(nameof(Subjects))]
    public string Subject { get; set; } = "";

    /// <summary>Prepares the comparison and as much of its work as comes before it.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        string[] parts = Subject.Split(Separator);
        Comparison comparison = Works.All[parts[0]]().ElementAt(int.Parse(parts[1], CultureInfo.InvariantCulture));
        _run = comparison.Subjects.First(s => s.Name == parts[^1]).Run;
        _times = comparison.Times is > 0 and var times && Operations % times == 0 ? times : Operations;
    }

    /// <summary>Does it.</summary>
    [Benchmark(OperationsPerInvoke = Operations)]
    public void Run()
    {
        for (int done = 0; done < Operations; done += _times)
        {
            _run!(_times);
        }
    }
}
