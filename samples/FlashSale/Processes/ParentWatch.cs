namespace FlashSale.Processes;

/// <summary>
/// A child's tie to its parent: the parent holds the other end of standard input. A line there is a message; its end
/// means that the parent wants the child to stop, or has died, however it died.
/// </summary>
internal static class ParentWatch
{
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(12);

    public static void Start(Action<string> said, Action gone)
    {
        // A thread, not a task: it must work when the thread pool or the heap no longer does.
        Thread thread = new(() =>
        {
            while (Console.In.ReadLine() is { } line)
            {
                said(line);
            }

            gone();
            using ManualResetEventSlim never = new();
            never.Wait(LongestStop);
            Environment.Exit(ExitCode.StoppedTooSlowly);
        })
        {
            IsBackground = true,
            Name = "Parent watch",
        };
        thread.Start();
    }
}
