using System.Numerics;

namespace Backpressure.Admission;

/// <content>
/// Every service gives each lower lane <c>MinShare</c> of what it takes as credit; a lane that has saved up what its next one will
/// take goes first. So each gets its share of service, however long or heavy its requests, while all are backlogged. Higher lanes
/// lose nothing to one that nobody comes to; one that is empty only because nobody can wait for long goes on saving, up to one turn.
/// </content>
internal sealed partial class WaitQueue
{
    /// <summary>
    /// One that goes first by its lane's credit, but is too heavy for what is free, holds those above it back for so long at most;
    /// less than they may wait by default.
    /// </summary>
    private const double MostHeldSeconds = 0.2;

    private const int NoLane = -1;

    // A hundred hundredths are one, but for their last bits.
    private const double Whole = 1 - 1e-9;

    // A bit for each lane that somebody came to lately, or longer ago: whoever takes a turn looks.
    private uint _visited;

    // The lane for which those above it are held back, and since when.
    private int _heldFor = NoLane;
    private long _heldSince;

    /// <summary>How many turns of its own a priority has saved up, for requests that take so much.</summary>
    public double SavedBy(Priority priority, long work) => _lanes[(int)priority].Credit / work;

    /// <summary>
    /// Notes that somebody of this priority came who may take a sheddable place, so that its own are kept for a while, and it saves.
    /// </summary>
    public void NoteArrival(Priority priority, long work, long now)
    {
        Lane lane = _lanes[(int)priority];
        if (lane.Count == 0 && !IsVisited(lane, now))
        {
            lane.Credit = 0;
        }

        lane.LastArrival = now;
        lane.LastWork = work;
        _visited |= 1u << (int)priority;
    }

    /// <summary>
    /// Notes that the one whose turn it is is too heavy for what is free. In its own lane, and of the highest priority that waits, all wait for
    /// it. Those above its lane are held back no longer than a moment: then its turn is used up.
    /// </summary>
    /// <returns>Whether it is another's turn now.</returns>
    public bool PassOver(Waiter waiter, long now)
    {
        int lane = (int)waiter.Priority;
        uint below = _occupied & (_occupied - 1);
        if ((below >> lane & 1) == 0)
        {
            return false;
        }

        if (_heldFor != lane)
        {
            _heldFor = lane;
            _heldSince = now;
        }

        if (now - _heldSince < _mostHeldTicks)
        {
            return false;
        }

        _heldFor = NoLane;
        _lanes[lane].Credit = 0;
        return true;
    }

    private void ShareTurn(uint below, Waiter served, long now)
    {
        for (uint rest = below; rest != 0; rest &= rest - 1)
        {
            int priority = BitOperations.TrailingZeroCount(rest);
            Lane lane = _lanes[priority];
            double credit = lane.Credit + (_settings.MinShare * served.Charge);
            if (lane.Count > 0)
            {
                lane.Credit = credit;
            }
            else if (IsVisited(lane, now))
            {
                lane.Credit = Math.Min(credit, lane.LastWork);
            }
            else
            {
                _visited &= ~(1u << priority);
            }
        }

        if ((below >> (int)served.Priority & 1) != 0)
        {
            _lanes[(int)served.Priority].Credit -= served.Charge;
        }
    }

    private int TurnOf(long now)
    {
        for (uint below = _occupied & (_occupied - 1); below != 0; below &= below - 1)
        {
            int priority = BitOperations.TrailingZeroCount(below);
            Lane lane = _lanes[priority];
            if (lane.Credit > 0 && HeadOf(lane, now) is { } head && lane.Credit >= Whole * head.Charge)
            {
                return priority;
            }
        }

        return BitOperations.TrailingZeroCount(_occupied);
    }

    private bool IsVisited(Lane lane, long now) => lane.LastArrival != long.MinValue && now - lane.LastArrival < _reserveTicks;
}
