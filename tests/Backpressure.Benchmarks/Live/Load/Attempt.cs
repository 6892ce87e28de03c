namespace Backpressure.Benchmarks.Live;

/// <summary>One try at a request. Its answer and its time-out race; the first ends it.</summary>
/// <param name="firstDue">When the request was first to be sent, as a timestamp.</param>
/// <param name="due">When this try is to be sent.</param>
internal sealed class Attempt(int route, int number, long firstDue, long due)
{
    private int _ended;

    public int Route => route;

    public int Number => number;

    public long FirstDue => firstDue;

    public long Due => due;

    public long Sent { get; set; }

    public Wire? Wire { get; set; }

    public bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;
}
