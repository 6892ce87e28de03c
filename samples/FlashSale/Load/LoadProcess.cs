using System.ComponentModel;
using System.Diagnostics;
using FlashSale.Processes;

namespace FlashSale.Load;

/// <summary>The load generator as a process of its own, so that the shop's troubles are not its.</summary>
internal static class LoadProcess
{
    /// <summary>The line by which the parent tells that the shop's process has ended.</summary>
    public const string ShopHasDied = "shop has died";

    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(LoadSettings settings)
    {
        TimeProvider time = TimeProvider.System;
        AskForPrecedence();
        using ShopClient client = new(settings.Target);
        RequestLog log = new(time.GetUtcNow(), keep: settings.LogFile is not null);
        await using ITimer report = time.CreateTimer(_ => Console.WriteLine(log), null, ReportEvery, ReportEvery);
        if (settings.Workers is not null)
        {
            ParentWatch.Start(_ => { }, Leave);
            await new ClosedLoop(client, settings, log, time).RunAsync();
        }
        else
        {
            OpenLoop loop = new(client, settings, log, time);
            ParentWatch.Start(
                line =>
                {
                    if (line == ShopHasDied)
                    {
                        loop.ShopHasDied();
                    }
                },
                Leave);
            if (settings.Crawled)
            {
                _ = new Crawler(client, time).RunAsync();
            }

            await loop.RunAsync();
        }

        if (settings.LogFile is not null)
        {
            log.Write(settings.LogFile);
        }

        return ExitCode.Success;
    }

    /// <summary>Where the system allows it, the generator goes before the shop: load must not depend on how the shop fares.</summary>
    private static void AskForPrecedence()
    {
        try
        {
            using Process self = Process.GetCurrentProcess();
            self.PriorityClass = ProcessPriorityClass.AboveNormal;
        }
        catch (Win32Exception)
        {
            // An ordinary user on Linux may not. The send lag, which is measured, tells whether that mattered.
        }
    }

    // Nobody is left to read what it would write.
    private static void Leave() => Environment.Exit(ExitCode.Interrupted);
}
