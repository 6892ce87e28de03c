using System.Globalization;

namespace Backpressure.Observability;

/// <summary>
/// The last changes of state, for whoever looks later. Bounded: moves of limits, which are many, have a ring of their own, so
/// that they never push out what is rare.
/// </summary>
/// <remarks>Nothing is noted on a request's way but the beginning and the end of shedding, and moves of the limit.</remarks>
internal sealed class StateChanges(TimeProvider time)
{
    /// <summary>Kept of each ring.</summary>
    public const int Kept = 100;

    /// <summary>Moves of one limit within this time of the first are one entry.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly LinkedList<StateChange> _changes = new();
    private readonly LinkedList<Move> _moves = new();
    private long _number;

    /// <summary>The number of the last change.</summary>
    public long Last => Volatile.Read(ref _number);

    public void Add(StateChangeKind kind, string subject, string text)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            Append(_changes, new StateChange(Next(), now, kind, subject, text));
        }
    }

    /// <summary>A law has moved a limit.</summary>
    /// <param name="downstream">Whose.</param>
    /// <param name="from">The limit before.</param>
    /// <param name="to">The limit from now.</param>
    /// <param name="reason">The law's reason.</param>
    public void LimitMoved(string downstream, int from, int to, string reason)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            for (LinkedListNode<Move>? node = _moves.Last; node is not null && now - node.Value.At < Together; node = node.Previous)
            {
                if (node.Value.Downstream == downstream)
                {
                    node.Value = node.Value.Then(Next(), to, reason);
                    return;
                }
            }

            Append(_moves, new Move(Next(), now, downstream, from, to, [reason]));
        }
    }

    /// <summary>All that are kept, the newest last.</summary>
    public StateChange[] Read()
    {
        lock (_lock)
        {
            return [.. _changes.Concat(_moves.Select(static move => move.ToChange())).OrderBy(static change => change.At).ThenBy(static change => change.Number)];
        }
    }

    private static void Append<T>(LinkedList<T> ring, T entry)
    {
        ring.AddLast(entry);
        if (ring.Count > Kept)
        {
            ring.RemoveFirst();
        }
    }

    private long Next()
    {
        Volatile.Write(ref _number, _number + 1);
        return _number;
    }

    private sealed record Move(long Number, DateTimeOffset At, string Downstream, int From, int To, string[] Reasons)
    {
        public Move Then(long number, int to, string reason) =>
            this with { Number = number, To = to, Reasons = Reasons.Contains(reason) ? Reasons : [.. Reasons, reason] };

        public StateChange ToChange() => new(
            Number, At, StateChangeKind.LimitMoved, Downstream,
            string.Create(CultureInfo.InvariantCulture, $"{(From == To ? $"Limit about {To}" : $"Limit {From} → {To}")}: {string.Join(", ", Reasons)}."));
    }
}
