using Backpressure.Observability;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>One gate's rows of the last ten minutes, in a ring that never grows.</summary>
internal sealed class GateSeries(int length)
{
    private readonly float[] _cells = NotKnown(length * HistoryFields.Count);
    private readonly int _length = length;
    private DecisionTotals _before = DecisionTotals.None;

    /// <summary>The row of a place in the ring.</summary>
    public ReadOnlySpan<float> Row(int index) => _cells.AsSpan(index * HistoryFields.Count, HistoryFields.Count);

    /// <summary>Forgets what a place held when it was last used.</summary>
    public void Clear(int index) => _cells.AsSpan(index * HistoryFields.Count, HistoryFields.Count).Fill(float.NaN);

    /// <summary>Writes a row.</summary>
    /// <param name="index">Its place in the ring.</param>
    /// <param name="gate">The gate as it stands.</param>
    /// <param name="totals">What was decided there so far.</param>
    /// <param name="seconds">Since the row before; 0: there is none that compares, so there are no rates.</param>
    public void Write(int index, GateSnapshot gate, DecisionTotals totals, double seconds)
    {
        Span<float> row = _cells.AsSpan(index * HistoryFields.Count, HistoryFields.Count);
        row[HistoryFields.Limit] = gate.Limit;
        row[HistoryFields.InFlight] = gate.InFlight;
        AdmissionDecision refusal = RefusalOf(gate);
        foreach (Priority priority in Priorities.All)
        {
            int p = (int)priority;
            row[HistoryFields.Waiting + p] = gate.Waiting[p];
            row[HistoryFields.Wait + p] = (float)(gate.WaitOf(priority) * 1000);
            row[HistoryFields.Served + p] = Rate(ServedOf(gate, totals, priority), ServedOf(gate, _before, priority), seconds);
            row[HistoryFields.Refused + p] = Rate(totals.Of(refusal, priority), _before.Of(refusal, priority), seconds);
        }

        for (int i = 0; i < HistoryFields.AllReasons.Length; i++)
        {
            RejectionReason reason = HistoryFields.AllReasons[i];
            row[HistoryFields.Reasons + i] = Rate(totals.Of(refusal, reason), _before.Of(refusal, reason), seconds);
        }

        _before = totals;
    }

    /// <summary>
    /// How many of a priority were let through, whatever the way; exempt requests are counted apart. At a gate that only observes, what
    /// would be refused is not what would be served: the two add up to what was asked.
    /// </summary>
    public static long ServedOf(GateSnapshot gate, DecisionTotals totals, Priority priority) =>
        totals.Of(AdmissionDecision.Admitted, priority) + totals.Of(AdmissionDecision.Bypassed, priority) + totals.Of(AdmissionDecision.FailedOpen, priority)
        + (gate.IsShadow ? 0 : totals.Of(AdmissionDecision.WouldReject, priority));

    /// <summary>What a gate does to those it turns away.</summary>
    public static AdmissionDecision RefusalOf(GateSnapshot gate) => gate.IsShadow ? AdmissionDecision.WouldReject : AdmissionDecision.Rejected;

    /// <summary>The mean of the last rows; what is not known does not count.</summary>
    public float[] Mean(int last, int rows)
    {
        float[] mean = new float[HistoryFields.Count];
        int[] known = new int[HistoryFields.Count];
        for (int back = 0; back < rows; back++)
        {
            ReadOnlySpan<float> row = Row((((last - back) % _length) + _length) % _length);
            for (int i = 0; i < row.Length; i++)
            {
                if (!float.IsNaN(row[i]))
                {
                    mean[i] += row[i];
                    known[i]++;
                }
            }
        }

        for (int i = 0; i < mean.Length; i++)
        {
            mean[i] = known[i] == 0 ? 0 : mean[i] / known[i];
        }

        return mean;
    }

    private static float[] NotKnown(int length)
    {
        float[] cells = new float[length];
        Array.Fill(cells, float.NaN);
        return cells;
    }

    private static float Rate(long now, long before, double seconds) => seconds <= 0 ? 0 : (float)(Math.Max(0, now - before) / seconds);
}
