using Backpressure.Admission;

namespace Backpressure.Tests.Admission;

/// <summary>A waiter that remembers how often it was told.</summary>
internal sealed class TestWaiter : Waiter
{
    private int _told;

    public int Told => Volatile.Read(ref _told);

    /// <summary>What else is to happen when it is told.</summary>
    public Action<TestWaiter>? WhenTold { get; init; }

    public override void OnDecided()
    {
        WhenTold?.Invoke(this);
        Interlocked.Increment(ref _told);
    }
}
