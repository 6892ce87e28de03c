namespace Backpressure.AspNetCore.Running;

/// <summary>The callers of one downstream in the last one to two seconds, and what is one's share of what it has room for.</summary>
internal sealed class Callers
{
    /// <summary>More are not told apart: by then each gets next to nothing anyway, and memory stays bounded.</summary>
    private const int Most = 10_000;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly HashSet<ulong> _now = [];
    private int _before;
    private TimeSpan _since;
    private uint _turn;

    /// <summary>One's even share of each. What does not divide goes to one after the other.</summary>
    /// <param name="caller">Who asks; counts as a caller from now.</param>
    /// <param name="room">What is to be divided; becomes the share.</param>
    /// <param name="now">The time.</param>
    public void TakeShare(ulong caller, Span<int> room, TimeSpan now)
    {
        lock (_lock)
        {
            TimeSpan passed = now - _since;
            if (passed >= Window)
            {
                _before = passed < Window + Window ? _now.Count : 0;
                _now.Clear();
                _since = now;
            }

            if (_now.Count < Most)
            {
                _now.Add(caller);
            }

            uint callers = (uint)Math.Max(_before, _now.Count);
            uint turn = _turn++ % callers;
            foreach (ref int one in room)
            {
                one = (int)((one + turn) / callers);
            }
        }
    }
}
