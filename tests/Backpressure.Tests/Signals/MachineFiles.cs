namespace Backpressure.Tests.Signals;

/// <summary>A folder with what a kernel would show of control groups and of the machine.</summary>
internal sealed class MachineFiles : IDisposable
{
    public MachineFiles() => Root = Directory.CreateTempSubdirectory("machine").FullName;

    public string Root { get; }

    public MachineFiles Write(string path, string text)
    {
        string full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return this;
    }

    public string Of(string path) => Path.Combine(Root, path);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
