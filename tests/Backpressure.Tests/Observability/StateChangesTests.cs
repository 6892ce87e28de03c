using Backpressure.Observability;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Backpressure.Tests.Observability;

public sealed class StateChangesTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);
    private readonly StateChanges _changes;

    public StateChangesTests() => _changes = new StateChanges(_time);

    [Fact]
    public void Read_GivesTheLastHundredInTheirOrder()
    {
        for (int i = 0; i < 250; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _changes.Add(StateChangeKind.SheddingBegan, "Db", $"{i}");
        }

        Assert.Equal(Enumerable.Range(150, 100).Select(static i => $"{i}"), _changes.Read().Select(static change => change.Text));
    }

    [Fact]
    public void MovesOfALimit_NeverPushOutWhatIsRare()
    {
        _changes.Add(StateChangeKind.SignalUp, "cpu", "up");
        for (int i = 0; i < 1000; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(11));
            _changes.LimitMoved("Db", i, i + 1, "Increase");
        }

        StateChange[] kept = _changes.Read();
        Assert.Equal("up", kept[0].Text);
        Assert.Equal(1 + StateChanges.Kept, kept.Length);
    }

    [Fact]
    public void MovesOfALimit_WithinTenSecondsAreOneEntry_ApartForEachDownstream()
    {
        _changes.LimitMoved("Db", 20, 24, "SlowStart");
        _time.Advance(TimeSpan.FromSeconds(2));
        _changes.LimitMoved("Other", 5, 4, "Dropped");
        _changes.LimitMoved("Db", 24, 30, "SlowStart");
        _changes.LimitMoved("Db", 30, 28, "Follow");
        _time.Advance(TimeSpan.FromSeconds(9));
        _changes.LimitMoved("Db", 28, 27, "Follow");

        Assert.Equal(
            [("Db", "Limit 20 → 28: SlowStart, Follow."), ("Other", "Limit 5 → 4: Dropped."), ("Db", "Limit 28 → 27: Follow.")],
            _changes.Read().Select(static change => (change.Subject, change.Text)));
    }

    [Fact]
    public void Last_GrowsWithEachChangeAndEachAmendment()
    {
        long before = _changes.Last;
        _changes.LimitMoved("Db", 1, 2, "Increase");
        long first = _changes.Last;
        _changes.LimitMoved("Db", 2, 3, "Increase");

        Assert.True(before < first && first < _changes.Last);
    }
}
