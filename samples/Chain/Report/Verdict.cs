using System.Globalization;
using Chain.Running;

namespace Chain.Report;

/// <summary>Something that the demonstration claims, and whether it held this time.</summary>
internal sealed record Claim(bool Holds, string Text);

/// <summary>What must be true of a run for it to have shown anything.</summary>
internal static class Verdict
{
    private const double LongestPressure = 2;
    private const double MostAmplification = 1.15;
    private const double LeastStorm = 2.5;
    private const double LeastCritical = 0.99;
    private const double LongestRecovery = 5;

    public static IReadOnlyList<Claim> Judge(Run without, Run with)
    {
        List<Claim> claims =
        [
            Claim(with.PressureSeconds <= LongestPressure,
                $"Pressure reached Edge {Seconds(with.PressureSeconds)} after Payments got slow (at most {LongestPressure} s)."),
            Claim(with.Amplification <= MostAmplification,
                $"With backpressure {with.Amplification:N2} requests reached Payments for one that Edge took in (at most {MostAmplification})."),
            Claim(without.Amplification >= LeastStorm,
                $"Without it {without.Amplification:N2} did (at least {LeastStorm}: a retry storm)."),
            Claim(with.CriticalServed >= LeastCritical,
                $"While Payments was slow {with.CriticalServed:P2} of the critical requests were served, end to end (at least {LeastCritical:P0}); without it {without.CriticalServed:P1}."),
            Claim(with.RecoverySeconds <= LongestRecovery,
                $"{Seconds(with.RecoverySeconds)} after the slowdown all were served as before (at most {LongestRecovery} s); without it {Seconds(without.RecoverySeconds)}."),
        ];
        foreach (Run run in (Run[])[without, with])
        {
            if (run.IsVoid)
            {
                claims.Add(Claim(false, $"VOID: run {(run.Protected ? 2 : 1)} was sent {run.SendLagP99Ms:N0} ms late at p99 (at most {Scenario.LargestSendLag.TotalMilliseconds:N0}): this machine was too busy to offer the load. Close other programs and run again."));
            }
        }

        return claims;
    }

    public static string Seconds(double? seconds) => seconds is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known:N1} s") : "never";

    private static Claim Claim(bool holds, FormattableString text) => new(holds, text.ToString(CultureInfo.InvariantCulture));
}
