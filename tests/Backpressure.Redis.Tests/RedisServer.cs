using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;
using StackExchange.Redis;

namespace Backpressure.Redis.Tests;

/// <summary>A Redis of a test's own, on a free port of loopback, in memory only; stopped, ended and started anew by its own process id.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly string _program;
    private readonly string? _password;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backpressure-redis-");
    private Process? _process;
    private ConnectionMultiplexer? _admin;

    private RedisServer(string program, string? password)
    {
        _program = program;
        _password = password;
        HashSet<int> taken = [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(static listener => listener.Port)];
        Port = Enumerable.Range(20_000, 12_000).Where(port => !taken.Contains(port)).OrderBy(static _ => Random.Shared.Next()).First();
    }

    public int Port { get; }

    /// <summary>For <see cref="BackpressureRedisOptions.Configuration"/>.</summary>
    public string Configuration => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public IDatabase Database => _admin!.GetDatabase();

    /// <summary>Starts one; skips the test where the program is not installed.</summary>
    public static async Task<RedisServer> StartAsync(string? password = null)
    {
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(static folder => Path.Combine(folder, "redis-server")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "Needs redis-server, which the tests start themselves: apt-get install redis-server. .ci/run does.");
        var server = new RedisServer(program!, password);
        await server.StartProcessAsync();
        return server;
    }

    public async Task StartProcessAsync()
    {
        string[] arguments = ["--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder.FullName];
        var start = new ProcessStartInfo(_program, _password is null ? arguments : [.. arguments, "--requirepass", _password])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += static (_, _) => { };
        _process.Start();
        _process.BeginOutputReadLine();
        if (_admin is null)
        {
            ConfigurationOptions options = ConfigurationOptions.Parse(Configuration);
            (options.Password, options.AllowAdmin, options.AbortOnConnectFail, options.ReconnectRetryPolicy) = (_password, true, false, new LinearRetry(100));
            _admin = await ConnectionMultiplexer.ConnectAsync(options);
        }

        await Eventually.TrueAsync(AnswersAsync, "Redis answers");
    }

    /// <summary>Ends it as a crash does.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Stops it where it stands: connections stay, and nobody is answered.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    /// <summary>How often scripts were asked for so far.</summary>
    public async Task<long> ScriptCallsAsync()
    {
        string statistics = (await Database.ExecuteAsync("INFO", "commandstats")).ToString();
        return statistics.Split('\n').Where(static line => line.StartsWith("cmdstat_eval", StringComparison.Ordinal))
            .Sum(static line => long.Parse(line.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture));
    }

    public async Task<string[]> KeysAsync() => (string[])(await Database.ExecuteAsync("KEYS", "*"))!;

    public async ValueTask DisposeAsync()
    {
        if (_admin is not null)
        {
            await _admin.DisposeAsync();
        }

        if (_process is not null)
        {
            await KillAsync();
        }

        _folder.Delete(recursive: true);
    }

    private async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("/bin/kill", [$"-{signal}", $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    private async Task<bool> AnswersAsync()
    {
        Assert.False(_process!.HasExited, "Redis has ended.");
        try
        {
            await Database.PingAsync();
            return true;
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            return false;
        }
    }
}
