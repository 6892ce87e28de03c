using System.Diagnostics.CodeAnalysis;

namespace Backpressure.AspNetCore.HealthChecks;

/// <summary>
/// The time slots in which one replica may be unready, drawn by lot and never by load: so any two replicas are independent of each
/// other at every moment, whatever hits both.
/// </summary>
/// <remarks>
/// Time is cut into periods, and each has one slot at a place of its own. The first period begins at a random moment before the
/// start, so at any moment the probability of a slot is its share of the period. A slot leaves its own length free before it: none
/// follows another without a pause of that length. Not thread-safe.
/// </remarks>
[SuppressMessage("Security", "CA5394:Do not use insecure randomness", Justification = "Replicas draw lots among themselves: nothing is kept secret by it.")]
internal sealed class UnreadySlots
{
    private readonly Random _random;
    private readonly long _length;
    private readonly long _period;
    private long _periodStart;
    private long _slotStart;

    /// <summary>Draws the first slot.</summary>
    /// <param name="random">The lot.</param>
    /// <param name="length">A slot's length in ticks of any clock.</param>
    /// <param name="share">Their share of the time: 0 to 0.5.</param>
    /// <param name="now">The time.</param>
    public UnreadySlots(Random random, long length, double share, long now)
    {
        _random = random;
        _length = length;
        _period = share > 0 ? (long)(length / share) : long.MaxValue;
        _periodStart = share > 0 ? now - random.NextInt64(_period) : long.MaxValue;
        Draw();
    }

    /// <summary>When the slot that it is in ends; null: it is in none.</summary>
    public long? EndAt(long now)
    {
        if (_period == long.MaxValue)
        {
            return null;
        }

        if (now - _periodStart >= _period)
        {
            _periodStart += (now - _periodStart) / _period * _period;
            Draw();
        }

        return now >= _slotStart && now < _slotStart + _length ? _slotStart + _length : null;
    }

    private void Draw() => _slotStart = _period == long.MaxValue ? 0 : _periodStart + _length + _random.NextInt64(_period - (2 * _length) + 1);
}
