namespace Backpressure.Benchmarks;

/// <summary>What one process has measured of one comparison.</summary>
/// <param name="Work">What was done.</param>
/// <param name="Over">The subject that the others are compared with.</param>
/// <param name="Claims">What must be reached.</param>
/// <param name="Lines">What each subject took.</param>
/// <param name="Note">What a reader must know of it; null: nothing.</param>
internal sealed record Measured(string Work, string Over, Claim[] Claims, Measured.Line[] Lines, string? Note = null)
{
    /// <summary>The rows of what several processes have measured of the same comparison: their rounds together.</summary>
    public static IEnumerable<Row> RowsOf(IReadOnlyList<Measured> processes)
    {
        Measured any = processes[0];
        foreach (Line line in any.Lines.Where(line => !line.IsFloor))
        {
            yield return RowOf(any.Work, line.Subject, any.Over, Array.Find(any.Claims, c => c.Subject == line.Subject && c.Over == any.Over));
        }

        foreach (Claim claim in any.Claims.Where(c => c.Over != any.Over))
        {
            yield return RowOf($"{any.Work}, over {claim.Over}", claim.Subject, claim.Over, claim);
        }

        Row RowOf(string title, string subject, string over, Claim? claim)
        {
            double[] nanoseconds = [.. processes.SelectMany(p => p.NetOf(subject))];
            double[] others = [.. processes.SelectMany(p => p.NetOf(over))];
            bool ofRates = any.Claims.Any(c => c.OfRates);
            double[] ratios = [.. nanoseconds.Select((ns, round) => ofRates ? others[round] / ns : ns / others[round])];
            double ratio = QuantileOf(ratios, 0.5);
            double bytes = QuantileOf([.. processes.Select(p => p.BytesOf(subject))], 0.5);
            double median = QuantileOf(nanoseconds, 0.5);
            return new Row(
                title,
                subject,
                Math.Round(median, 1),
                Math.Round(ratio, 3),
                Math.Round(QuantileOf(ratios, 0.1), 3),
                Math.Round(QuantileOf(ratios, 0.9), 3),
                Math.Round(bytes, 1),
                claim?.ToString(),
                claim?.IsMet(ratio, bytes, median),
                any.Note);
        }
    }

    private IEnumerable<double> NetOf(string subject)
    {
        Line line = LineOf(subject);
        return line.Floor is null ? line.Nanoseconds : line.Nanoseconds.Zip(LineOf(line.Floor).Nanoseconds, static (all, floor) => all - floor);
    }

    private double BytesOf(string subject)
    {
        Line line = LineOf(subject);
        return line.Floor is null ? line.Bytes : line.Bytes - LineOf(line.Floor).Bytes;
    }

    private Line LineOf(string subject) => Array.Find(Lines, line => line.Subject == subject)!;

    private static double QuantileOf(double[] values, double quantile)
    {
        double[] sorted = [.. values.Order()];
        double place = (sorted.Length - 1) * quantile;
        int below = (int)place;
        return below + 1 < sorted.Length ? sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }

    /// <summary>One subject's part.</summary>
    /// <param name="Subject">Who.</param>
    /// <param name="Floor">Whose is taken off.</param>
    /// <param name="IsFloor">Whether it is there only for that.</param>
    /// <param name="Nanoseconds">How long each time took, by round.</param>
    /// <param name="Bytes">Allocated each time.</param>
    internal sealed record Line(string Subject, string? Floor, bool IsFloor, double[] Nanoseconds, double Bytes);
}
