using Backpressure.Deploy.Tests.Running;

namespace Backpressure.Deploy.Tests.Containers;

/// <summary>
/// QuickStart as published, run as the containers run it: by a user without rights or capabilities, on a file system that it cannot
/// write to but for /tmp. Root is needed to take rights away; without it the application runs as whoever runs the tests.
/// </summary>
internal static class Contained
{
    private const int Nobody = 65534;

    /// <summary>Publishes what the tests were built with into a folder that everybody may read.</summary>
    public static async Task<DirectoryInfo> PublishAsync()
    {
        // Not in /tmp, which a container has to itself.
        DirectoryInfo folder = Directory.CreateDirectory(Path.Combine("/var/tmp", $"backpressure-{Guid.NewGuid():N}"));
        await Tool.RunAsync(
            "dotnet", ["publish", "samples/QuickStart", "--no-build", "--configuration", Tool.Configuration, "--output", folder.FullName, "--nologo", "--verbosity", "quiet"], Repository.Root);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_101_101);
        }

        return folder;
    }

    public static Tool Start(DirectoryInfo app, int port, IEnumerable<KeyValuePair<string, string>> environment)
    {
        string[] run = ["dotnet", Path.Combine(app.FullName, "QuickStart.dll"), "--urls", $"http://127.0.0.1:{port}"];
        return !Environment.IsPrivilegedProcess
            ? Tool.Start(run[0], run[1..], app.FullName, environment)
            : Tool.Start(
                "unshare",
                [
                    "--mount", "sh", "-c", "mount --make-rprivate / && mount -o remount,bind,ro / && mount -t tmpfs -o mode=1777 tmpfs /tmp && exec \"$@\"", "sh",
                    "setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", .. run,
                ],
                app.FullName,
                environment.Append(KeyValuePair.Create("HOME", "/tmp")));
    }

    /// <summary>What the kernel says of a process: whose it is and what it may.</summary>
    public static IReadOnlyDictionary<string, string> StatusOf(int process) =>
        File.ReadLines($"/proc/{process}/status").Select(static line => line.Split(':', 2)).ToDictionary(static parts => parts[0], static parts => parts[1].Trim());
}
