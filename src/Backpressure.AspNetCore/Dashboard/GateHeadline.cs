using System.Globalization;
using Backpressure.Observability;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>What one gate has to say in the headline.</summary>
internal static class GateHeadline
{
    // In a second; one refusal in the ten seconds that are averaged is worth a line.
    private const double Some = 0.05;

    // Waits shorter than this are no news.
    private const double NewsMilliseconds = 5;

    /// <param name="gate">The gate.</param>
    /// <param name="snapshot">The state of all.</param>
    /// <param name="mean">Its row, averaged over the last seconds.</param>
    /// <returns>Null: nothing to say.</returns>
    public static Headline? Of(GateSnapshot gate, ShedderSnapshot snapshot, float[] mean)
    {
        double limited = Of(mean, RejectionReason.RateLimited);
        double left = Of(mean, RejectionReason.ClientAborted);
        double refused = Sum(mean, HistoryFields.Refused);
        if (refused - limited - left > Some)
        {
            return Shedding(gate, snapshot, mean, refused);
        }

        int waiting = gate.Waiting.Sum();
        if (waiting > 0 && !gate.IsShadow && gate.WaitOf(Priority.Low) * 1000 > NewsMilliseconds)
        {
            return new(
                HeadlineState.Waiting,
                $"Requests wait at {gate.Downstream}",
                Text($"{gate.InFlight} of {gate.Limit} in flight, {waiting} waiting; one that comes now waits about {gate.WaitOf(Priority.Low) * 1000:N0} ms. Nothing is refused."),
                "Nothing, while the waits are short enough for your callers.",
                History.IdOf(gate),
                null);
        }

        return limited > Some ? RateLimited(gate, limited) : null;
    }

    private static Headline RateLimited(GateSnapshot gate, double limited) => new(
        HeadlineState.RateLimited,
        $"Clients {(gate.IsShadow ? "would be" : "are")} over their rate at {gate.Downstream}",
        Text($"{limited:N1} requests a second {(gate.IsShadow ? "would get" : "get")} 429. It is about these clients, not about the load."),
        gate.IsShadow ? "Nothing is held back: this policy is only observed. Find out who they are before it is enforced."
            : "Find out who: see the rate limit of the policy. Raise it if they may have more.",
        History.IdOf(gate),
        null);

    private static Headline Shedding(GateSnapshot gate, ShedderSnapshot snapshot, float[] mean, double refused)
    {
        Priority[] shed = [.. Priorities.All.Where(priority => mean[HistoryFields.Refused + (int)priority] > Some)];
        Priority[] whole = [.. Priorities.All.Where(priority => mean[HistoryFields.Served + (int)priority] > Some && !shed.Contains(priority))];
        bool critical = shed.Contains(Priority.Critical) && !gate.IsShadow;
        double asked = refused + Sum(mean, HistoryFields.Served);
        RejectionReason most = HistoryFields.AllReasons.MaxBy(reason => reason is RejectionReason.RateLimited or RejectionReason.ClientAborted ? -1 : Of(mean, reason));
        string intact = whole.Length == 0 ? "" : $" {List(whole)} {(whole.Length == 1 ? "is" : "are")} served in full.";
        return new(
            gate.IsShadow ? HeadlineState.WouldShed : critical ? HeadlineState.Critical : HeadlineState.Shedding,
            $"{(gate.IsShadow ? "Would be shedding" : "Shedding")} {List([.. shed.Reverse()])} at {gate.Downstream}",
            Text($"The downstream is full: {gate.InFlight} of {gate.Limit} in flight, {gate.Waiting.Sum()} waiting. {refused:N0} of {asked:N0} requests a second {(gate.IsShadow ? "would be" : "are")} refused, most because {Because(most)} ({most.Tag()}).{intact}"),
            Advice(gate, snapshot, mean[HistoryFields.Limit], most, critical),
            History.IdOf(gate),
            gate.SheddingSince);
    }

    private static string Advice(GateSnapshot gate, ShedderSnapshot snapshot, float usualLimit, RejectionReason most, bool critical)
    {
        // A law cuts its limit for a moment to learn; only one that stays there is worth a word.
        int limit = (int)Math.Round(usualLimit);
        string key = $"Downstreams:{gate.Downstream}:Limit";
        string advice = gate switch
        {
            _ when most == RejectionReason.HostCeilingReached =>
                "MaxConcurrentRequests is reached. Find what holds requests open, or raise it if the host has room.",
            { LimitedBy: { } signal } => Signal(gate, snapshot, signal),
            { Settings.Limit.Algorithm: LimitAlgorithm.Fixed } =>
                Text($"The limit is fixed at {gate.Limit}. If {gate.Downstream} can do more, raise {key}:Value or set {key}:Algorithm to Adaptive; if not, it needs more capacity."),
            _ when limit <= gate.Settings.Limit.Min =>
                Text($"The limit is at its minimum, {gate.Settings.Limit.Min}: {gate.Downstream} is slow or failing. Look at its errors and its latency first."),
            _ when limit >= gate.Settings.Limit.Max =>
                Text($"The limit is at its maximum. If {gate.Downstream} can do more, raise {key}:Max."),
            _ => Text($"{gate.Downstream} does what it can at about {limit} in flight. Give it more capacity, or find who asks for so much. A restart does not help."),
        };
        return gate.IsShadow ? "Nothing is held back: this policy is only observed. Enforced, that is what it would do."
            : critical ? $"Important work is lost. {advice}" : advice;
    }

    private static string Signal(GateSnapshot gate, ShedderSnapshot snapshot, string name)
    {
        SignalSnapshot? signal = snapshot.Signals.FirstOrDefault(s => string.Equals(s.Settings.Name, name, StringComparison.OrdinalIgnoreCase));
        string reads = signal is null ? "" : Text($": it reads {signal.Value:G3} (soft {signal.Settings.Soft:G3}, hard {signal.Settings.Hard:G3})");
        return Text($"Signal {name} holds the limit at {gate.Limit} where {gate.LawLimit} would be allowed{reads}. Look at what it measures.");
    }

    private static string Because(RejectionReason reason) => reason switch
    {
        RejectionReason.HostCeilingReached => "the host's ceiling is reached",
        RejectionReason.LimitReached => "the limit is reached and they may not wait",
        RejectionReason.QueueFull => "the queue is full",
        RejectionReason.BlockCapacityReached => "too many wait that must not be lost",
        RejectionReason.WaitTooLong => "the wait ahead is longer than they may wait",
        RejectionReason.DeadlineExceeded => "they would be too late for their deadline",
        RejectionReason.MaxWaitElapsed => "they waited in vain",
        RejectionReason.Evicted => "they gave way to more important ones",
        RejectionReason.ShuttingDown => "the host stops",
        _ => "they had to go",
    };

    private static double Of(float[] mean, RejectionReason reason) => mean[HistoryFields.Reasons + Array.IndexOf(HistoryFields.AllReasons, reason)];

    private static double Sum(float[] mean, int from)
    {
        double sum = 0;
        for (int i = 0; i < Priorities.Count; i++)
        {
            sum += mean[from + i];
        }

        return sum;
    }

    private static string List(Priority[] priorities) => priorities.Length < 2
        ? string.Concat(priorities)
        : $"{string.Join(", ", priorities[..^1])} and {priorities[^1]}";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
