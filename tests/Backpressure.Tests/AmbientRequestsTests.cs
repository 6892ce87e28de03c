using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Backpressure.Tests;

public sealed class AmbientRequestsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly AmbientRequests _ambient;

    public AmbientRequestsTests() => _ambient = new AmbientRequests(_time);

    [Fact]
    public async Task Begun_ReachesWhatItsFlowStarts_AndNobodyElse()
    {
        Task<Priority?> stranger = Task.Run(() => _ambient.Current?.Priority);
        using AmbientRequest request = _ambient.Begin(Priority.Low);

        Assert.Equal(Priority.Low, await Task.Run(() => _ambient.Current?.Priority));
        Assert.Null(await stranger);
    }

    [Fact]
    public async Task Ended_SaysNothingToWorkThatOutlivesIt()
    {
        var goOn = new TaskCompletionSource();
        AmbientRequest request = _ambient.Begin(Priority.Low);
        Task<AmbientRequest?> late = LateAsync();
        request.Dispose();
        request.Dispose();
        goOn.SetResult();

        Assert.Null(await late);

        async Task<AmbientRequest?> LateAsync()
        {
            await goOn.Task;
            return _ambient.Current;
        }
    }

    [Fact]
    public void Inner_StandsBeforeOuter_UntilItEnds()
    {
        using AmbientRequest outer = _ambient.Begin(Priority.Low);
        AmbientRequest inner = _ambient.Begin(Priority.High);
        Assert.Same(inner, _ambient.Current);
        inner.Dispose();
        Assert.Same(outer, _ambient.Current);
    }

    [Fact]
    public void TimeLeft_RunsOut()
    {
        using AmbientRequest request = _ambient.Begin(Priority.Normal, TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(TimeSpan.FromSeconds(1.5), request.TimeLeft);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.Zero, request.TimeLeft);
        Assert.Null(new AmbientRequests(_time).Begin(Priority.Normal).TimeLeft);
    }

    [Fact]
    public void NoPriority_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => _ambient.Begin((Priority)4));

    [Theory]
    [InlineData(null, null, "")]
    [InlineData(null, "b-1", "b-1")]
    [InlineData("a-1", null, "a-1")]
    [InlineData("a-1,c-2", "b-1", "a-1,c-2,b-1")]
    public void Chain_GrowsByItsGate(string? before, string? gate, string chain) => Assert.Equal(chain, new CallChain(before, gate).ToString());

    [Fact]
    public void Chain_IsBounded_AndForgetsTheOldest()
    {
        string before = string.Join(',', Enumerable.Range(1000, 500));
        string chain = new CallChain(before, "last").ToString();
        Assert.InRange(chain.Length, 300, 410);
        Assert.EndsWith("1499,last", chain, StringComparison.Ordinal);
        Assert.Equal("last", new CallChain(new string('x', 5000), "last").ToString());
    }

    [Theory]
    [InlineData(0, 400)]
    [InlineData(1, 396)]
    [InlineData(2, 397)]
    [InlineData(4, 399)]
    public void Chain_ThatGrowsByNothing_IsBoundedToo(int more, int length)
    {
        // Five characters each, the comma included: as many whole ones as there is room for.
        string before = string.Concat(Enumerable.Repeat("abcd,", 1000)) + new string('x', more);
        Assert.Equal(before[^length..], new CallChain(before, null).ToString());
    }

    [Theory]
    [InlineData("a-1", true)]
    [InlineData("b-1,a-1", true)]
    [InlineData("b-1, a-1 ,c", true)]
    [InlineData("a-11", false)]
    [InlineData("", false)]
    [InlineData(",,", false)]
    public void Chain_ContainsWholeNamesOnly(string chain, bool contains) => Assert.Equal(contains, CallChain.Contains(chain, "a-1"));
}
