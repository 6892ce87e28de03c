using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace FlashSale.Processes;

/// <summary>
/// A second process of this same executable, which cannot outlive this one (<see cref="ParentWatch"/>). Nothing here
/// ends it while it works: it is asked to stop by the end of its standard input.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly Channel<string> _output = Channel.CreateUnbounded<string>();
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource _errorsRead = new();

    private ChildProcess(Process process, Action<string>? onError)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => _ = line.Data is null ? _output.Writer.TryComplete() : _output.Writer.TryWrite(line.Data);
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                _errorsRead.TrySetResult();
                return;
            }

            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }

            onError?.Invoke(line.Data);
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exited = WaitForExitAsync();
    }

    /// <summary>Its exit code, once it has ended and all that it said has been read.</summary>
    public Task<int> Exited { get; }

    public ChannelReader<string> Output => _output.Reader;

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    public static ChildProcess Start<TSettings>(string role, TSettings settings, long? heapLimitBytes = null, Action<string>? onError = null)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            // Started as `dotnet FlashSale.dll`.
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        start.ArgumentList.Add(role);
        start.ArgumentList.Add(JsonSerializer.Serialize(settings));
        if (heapLimitBytes is { } bytes)
        {
            start.Environment["DOTNET_GCHeapHardLimit"] = string.Create(CultureInfo.InvariantCulture, $"0x{bytes:X}");
        }

        return new ChildProcess(new Process { StartInfo = start }, onError);
    }

    /// <summary>Bytes of physical memory it uses now; 0 once it has ended.</summary>
    public long WorkingSet()
    {
        try
        {
            _process.Refresh();
            return _process.HasExited ? 0 : _process.WorkingSet64;
        }
        catch (InvalidOperationException)
        {
            // It ended between the two calls.
            return 0;
        }
    }

    public void Tell(string line)
    {
        try
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has ended; whoever waits for it will see that.
        }
    }

    /// <summary>Asks it to stop and waits until it has.</summary>
    public async Task<int> StopAsync()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        try
        {
            return await Exited.WaitAsync(Patience, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            throw new TimeoutException($"Process {_process.Id} did not stop within {Patience.TotalSeconds} s of being asked to and was ended. It said: {Errors}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync();
        }
        catch (TimeoutException)
        {
            // Ended all the same; an exception already on its way matters more.
        }

        _process.Dispose();
    }

    private async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        await _errorsRead.Task;
        return _process.ExitCode;
    }
}
