using Backpressure.AspNetCore.Classification;
using Backpressure.AspNetCore.Running;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.ObjectPool;
using Microsoft.Extensions.Options;

namespace Backpressure.AspNetCore.Tests.Running;

/// <summary>Plays server, handler and left-behind writes in the order that a test wants.</summary>
public sealed class GatedRequestTests : IDisposable
{
    private readonly HookedClock _clock = new();
    private readonly LoadShedder _shedder;
    private readonly ReturnedRequests _pool = new();
    private readonly Response _response = new();
    private readonly GatedRequest _request;

    public GatedRequestTests()
    {
        var options = new BackpressureOptions();
        Site.OneAtATime(options);
        _shedder = new LoadShedder(options, _clock);
        var classifier = new Classifier(_shedder, null, Options.Create(new BackpressureHttpOptions()), NullLogger.Instance);
        _request = new GatedRequest(new OutcomeSource(null, NullLogger.Instance), new PlacementCheck(classifier, NullLogger.Instance), _pool);
    }

    public void Dispose() => _shedder.Dispose();

    [Fact]
    public async Task Request_ThatHasEndedStartedAndCompleted_GoesBackToThePool()
    {
        await BeginAsync();

        await RunAsync();
        await _response.StartAsync();
        await _response.CompleteAsync();

        Assert.Same(_request, Assert.Single(_pool.Returned));
        Assert.True(await IsFreeAsync());
    }

    [Fact]
    public async Task Start_ThatMeetsTheHandlersEndAndTheResponsesEnd_FreesTheSlotOnceAndIsNotReused()
    {
        await BeginAsync();
        bool freeMeanwhile = true;
        _clock.OnNextReading(() =>
        {
            // A write left behind is in the middle of starting the response.
            RunAsync().GetAwaiter().GetResult();
            _response.CompleteAsync().GetAwaiter().GetResult();
            freeMeanwhile = IsFreeAsync().GetAwaiter().GetResult();
        });

        await _response.StartAsync();

        Assert.False(freeMeanwhile);
        Assert.True(await IsFreeAsync());
        Assert.Empty(_pool.Returned);
    }

    [Fact]
    public async Task Start_ThatComesAfterTheResponsesEnd_FindsNoOtherRequest()
    {
        await BeginAsync();

        await RunAsync();
        await _response.CompleteAsync();
        Assert.Empty(_pool.Returned);
        await _response.StartAsync();

        Assert.True(await IsFreeAsync());
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(Outcome.Success, true)]
    [InlineData(Outcome.Dropped, false)]
    [InlineData(Outcome.Ignored, false)]
    public async Task Start_OfALongLivedResponse_FreesTheSlotUnlessItsHandlerSaysThatItFailed(Outcome? outcome, bool frees)
    {
        await BeginAsync();
        _response.Headers.ContentType = "application/grpc";
        _request.Outcome = outcome;

        await _response.StartAsync();

        Assert.Equal(frees, await IsFreeAsync());
        await RunAsync();
        Assert.True(await IsFreeAsync());
    }

    [Fact]
    public async Task Fault_AtTheResponsesStart_FailsNoResponseAndKeepsNoSlot()
    {
        await BeginAsync();
        _clock.OnNextReading(() => throw new InvalidTimeZoneException("a fault of our own"));

        await _response.StartAsync();
        bool freeBeforeTheEnd = await IsFreeAsync();
        await RunAsync();
        await _response.CompleteAsync();

        Assert.False(freeBeforeTheEnd);
        Assert.True(await IsFreeAsync());
        Assert.Single(_pool.Returned);
    }

    [Fact]
    public async Task Cost_SetByTheHandler_IsHeldUntilItsEnd()
    {
        await BeginAsync();
        Assert.Equal((1, 1), (_request.Cost, _request.InFlight));

        await _request.RunAsync(_ =>
        {
            _request.Cost = 5;
            Assert.Equal((5, 5), (_request.Cost, _request.InFlight));
            return Task.CompletedTask;
        });

        _request.Cost = 7;
        Assert.Equal((5, 0), (_request.Cost, _request.InFlight));
        Assert.True(await IsFreeAsync());
    }

    [Fact]
    public async Task Cost_SetByWhatTheHandlerLeftBehind_NeverChangesWhatIsGivenBack()
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        for (int i = 0; i < 300; i++)
        {
            await BeginAsync();
            using var both = new Barrier(2);
            Task leftBehind = Task.Run(
                () =>
                {
                    both.SignalAndWait(cancelled);
                    for (int cost = 2; cost < 20; cost++)
                    {
                        _request.Cost = cost;
                    }
                },
                cancelled);
            Task starts = i % 2 == 0 ? Task.CompletedTask : Task.Run(_response.StartAsync, cancelled);
            both.SignalAndWait(cancelled);
            await RunAsync();
            await Task.WhenAll(leftBehind, starts);

            Assert.Equal(0, _request.InFlight);
        }
    }

    private async Task BeginAsync()
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseFeature>(_response);
        _request.Take(await AdmitAsync());
        context.Features.Set<IBackpressureFeature>(_request);
        _request.Begin(context, isGet: true, hasEndpoint: true);
    }

    private Task RunAsync() => _request.RunAsync(_ => Task.CompletedTask);

    private async Task<AdmissionLease> AdmitAsync()
        => await _shedder.AdmitAsync(new AdmissionRequest(_shedder.ClassOf("route", "Reject")), TestContext.Current.CancellationToken);

    private async Task<bool> IsFreeAsync()
    {
        AdmissionLease lease = await AdmitAsync();
        lease.Complete(Outcome.Ignored);
        return lease.IsAdmitted;
    }

    /// <summary>Does something once, in the middle of whoever asks for the time next in this test.</summary>
    private sealed class HookedClock : TimeProvider
    {
        private readonly AsyncLocal<Action?> _hook = new();

        public void OnNextReading(Action hook)
        {
            Action? once = hook;
            _hook.Value = () => Interlocked.Exchange(ref once, null)?.Invoke();
        }

        public override long GetTimestamp()
        {
            _hook.Value?.Invoke();
            return base.GetTimestamp();
        }
    }

    private sealed class ReturnedRequests : ObjectPool<GatedRequest>
    {
        public List<GatedRequest> Returned { get; } = [];

        public override GatedRequest Get() => throw new NotSupportedException();

        public override void Return(GatedRequest obj) => Returned.Add(obj);
    }

    private sealed class Response : HttpResponseFeature
    {
        private readonly Stack<(Func<object, Task> Callback, object State)> _starting = new();
        private readonly Stack<(Func<object, Task> Callback, object State)> _completed = new();

        public override void OnStarting(Func<object, Task> callback, object state) => _starting.Push((callback, state));

        public override void OnCompleted(Func<object, Task> callback, object state) => _completed.Push((callback, state));

        public Task StartAsync() => CallAsync(_starting);

        public Task CompleteAsync() => CallAsync(_completed);

        private static async Task CallAsync(Stack<(Func<object, Task> Callback, object State)> callbacks)
        {
            while (callbacks.TryPop(out var callback))
            {
                await callback.Callback(callback.State);
            }
        }
    }
}
