using System.Globalization;
using FlashSale.Acts;

namespace FlashSale.Report;

/// <summary>Something that the demonstration claims, and whether it held this time.</summary>
internal sealed record Claim(bool Holds, string Text);

/// <summary>What must be true of a run for it to have shown anything.</summary>
internal static class Verdict
{
    public static IReadOnlyList<Claim> Judge(Playbill playbill)
    {
        ActResult naive = playbill.Naive;
        ActResult limiter = playbill.Limiter;
        ActResult ours = playbill.Backpressure;
        double allowedP99 = (2 * playbill.Reference.Critical.Latency.P99Ms ?? 0) + 20;
        double memoryGrowth = ours.MemoryOfThirdMiB(2) / ours.MemoryOfThirdMiB(1);

        List<Claim> claims =
        [
            Claim(playbill.Capacity.CriticalShareOfPool <= Scenario.LargestCriticalShareOfPool,
                $"Checkouts ask for {playbill.Capacity.CriticalShareOfPool:N2} of the pool (at most {Scenario.LargestCriticalShareOfPool:N2}, else nobody could serve them all)."),
            Claim(naive.End.RanOutOfMemory && naive.End.ExitCode != 0,
                $"Act 1 died of its own OutOfMemoryException {(naive.CrashedAfterSeconds is { } after ? $"after {after.ToString("N1", CultureInfo.InvariantCulture)} s" : "(it did not)")}, exit code {naive.End.ExitCode}."),
            Claim(naive.Books.AcknowledgedMissing > 0,
                $"Act 1 lost {naive.Books.AcknowledgedMissing:N0} of the {naive.Books.Acknowledged:N0} orders it had acknowledged."),
            Claim(ours.Books.AcknowledgedMissing == 0,
                $"Act 4 lost {ours.Books.AcknowledgedMissing:N0} of the {ours.Books.Acknowledged:N0} orders it had acknowledged."),
            Claim(ours.Critical.ServedShare >= 0.995,
                $"Act 4 served {ours.Critical.ServedShare:P2} of all checkouts (at least 99.5 %)."),
            Claim(ours.Critical.Latency.P99Ms <= allowedP99,
                $"Act 4's checkouts took {ours.Critical.Latency.P99Ms:N0} ms at p99 (at most {allowedP99:N0}: twice the {playbill.Reference.Critical.Latency.P99Ms:N0} of checkouts alone, and 20)."),
            Claim(ours.Goodput >= 0.9,
                $"Act 4 kept {ours.Goodput:N2} of the shop's capacity doing useful work (at least 0.90)."),
            Claim(ours.Goodput >= limiter.Goodput - 0.03,
                $"That is no less than the tuned limiter's {limiter.Goodput:N2} (within 0.03), untuned."),
            Claim(ours.Critical.ServedShare >= 2 * limiter.Critical.ServedShare,
                $"Of all checkouts act 4 served {ours.Critical.ServedShare:P1}, act 2 {limiter.Critical.ServedShare:P1} (at least twice as many)."),
            Claim(memoryGrowth <= 1.1,
                $"Act 4's memory stayed level: {ours.MemoryOfThirdMiB(1):N0} MiB in the middle third, {ours.MemoryOfThirdMiB(2):N0} in the last (at most 1.1 times)."),
            Claim(playbill.Acts.Skip(1).All(a => a.Books.AcknowledgedMissing == 0 && !a.End.Crashed && a.End.ExitCode == 0),
                $"Acts 2 to 4 ended properly, with every acknowledged order in the database."),
            Claim(playbill.Acts.All(a => a.Books.StoredUnexplained == 0),
                $"No order was stored for a client that had been told otherwise ({playbill.Acts.Sum(a => a.Books.StoredForThoseWhoLeft):N0} for clients that had timed out)."),
        ];
        foreach (ActResult act in playbill.Acts.Append(playbill.Reference).Where(a => a.IsVoid))
        {
            claims.Add(Claim(false, $"VOID: '{act.Act.Name}' was sent {act.SendLagP99Ms:N0} ms late at p99 (at most {Scenario.LargestSendLag.TotalMilliseconds:N0}): this machine was too busy to offer the load. Close other programs and run again."));
        }

        return claims;
    }

    private static Claim Claim(bool holds, FormattableString text) => new(holds, text.ToString(CultureInfo.InvariantCulture));
}
