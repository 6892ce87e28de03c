using System.Diagnostics;
using System.Net.NetworkInformation;

namespace Backpressure.Deploy.Tests.Running;

/// <summary>A program of the machine's, run to its end or kept running; ended by its own process id only.</summary>
internal sealed class Tool : IAsyncDisposable
{
    /// <summary>Generous: only a test that fails waits for so long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly List<string> _lines = [];

    private Tool(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <summary>Skips the test where the program is not installed.</summary>
    public static string Require(string program)
    {
        string? path = Find(program);
        Assert.SkipWhen(path is null, $"Needs {program}: apt-get install {(program == "promtool" ? "prometheus" : program)}. .ci/run does.");
        return path!;
    }

    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Debug or Release, as the tests.</summary>
    public static string Configuration { get; } =
        AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";

    /// <summary>A port that nobody has, below those that the system gives to clients: none of them takes it before it is used.</summary>
    public static int FreePort()
    {
        HashSet<int> taken = [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(static listener => listener.Port)];
        return Enumerable.Range(20_000, 12_000).Where(port => !taken.Contains(port)).OrderBy(static _ => Random.Shared.Next()).First();
    }

    public static Tool Start(string program, IEnumerable<string> arguments, string folder, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach ((string name, string value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        return new Tool(new Process { StartInfo = start });
    }

    /// <summary>Runs it to its end and fails with what it said unless that was as expected.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string folder, int exitCode = 0)
    {
        await using Tool tool = Start(program, arguments, folder);
        int ended = await tool.ExitAsync();
        Assert.True(ended == exitCode, $"{program} ended with {ended}:\n{tool.Output}");
        return tool.Output;
    }

    /// <summary>Waits until something holds, with a limit that only ends a test that fails.</summary>
    public Task EventuallyAsync(Func<Task<bool>> condition, string what) => EventuallyAsync(condition, () => what);

    /// <summary>Waits until something holds, with a limit that only ends a test that fails, and that says then what there was instead.</summary>
    public async Task EventuallyAsync(Func<Task<bool>> condition, Func<string> what)
    {
        long start = TimeProvider.System.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition())
        {
            Assert.False(_process.HasExited, $"The process has ended, so never: {what()}\n{Output}");
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"Not within {Patience.TotalSeconds} s: {what()}\n{Output}");
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Sends it a signal, as an orchestrator does.</summary>
    public Task SignalAsync(string signal) => RunAsync("/bin/kill", [$"-{signal}", $"{Id}"], "/");

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TimeProvider.System);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Add(string? line)
    {
        lock (_lines)
        {
            if (line is not null)
            {
                _lines.Add(line);
            }
        }
    }
}
