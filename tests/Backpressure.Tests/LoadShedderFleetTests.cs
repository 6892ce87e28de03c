using Backpressure.Configuration;
using Backpressure.RateLimiting;
using Xunit;

namespace Backpressure.Tests;

/// <summary>The way of a request whose rate limit all replicas share, with a store that the tests answer for.</summary>
public sealed class LoadShedderFleetTests : IDisposable
{
    private readonly ShedderRig.FineTimeProvider _time = new();
    private readonly Store _store = new();
    private readonly LoadShedder _shedder;

    public LoadShedderFleetTests() => _shedder = Build(ShedderRig.Fixed(1, Overflow.Reject));

    [Fact]
    public async Task Admit_WhenTheStoreGivesAPermit_PassesTheGate()
    {
        Task<AdmissionLease> asked = Ask();
        Assert.False(asked.IsCompleted);

        _store.Answer(new RateLimitAnswer(true, 3, TimeSpan.Zero, null));

        AdmissionLease lease = await asked;
        Assert.Equal(AdmissionDecision.Admitted, lease.Decision);
        Assert.Equal([("L", "key")], _store.Asked);
        Assert.Equal(RejectionReason.LimitReached, (await AskAnswered(true)).Reason);
        lease.Complete(Outcome.Success);
        Assert.True((await AskAnswered(true)).IsAdmitted);
    }

    [Fact]
    public async Task Admit_WhenTheStoreRefuses_IsRateLimitedWithItsRetryAfter()
    {
        Task<AdmissionLease> asked = Ask();
        _store.Answer(new RateLimitAnswer(false, 0, TimeSpan.FromSeconds(2.5), null));

        AdmissionLease lease = await asked;

        Assert.Equal((RejectionReason.RateLimited, TimeSpan.FromSeconds(3)), (lease.Reason, lease.RetryAfter));
        Assert.Equal((0, TimeSpan.FromSeconds(2.5)), (lease.RateLimit!.Remaining, lease.RateLimit.Reset));
    }

    [Fact]
    public async Task Admit_WhenTheStoreCannotSay_IsDecidedByThisReplicasOwnLimit()
    {
        for (int i = 0; i < 2; i++)
        {
            AdmissionLease lease = await AskUnanswered();
            Assert.True(lease.IsAdmitted);
            lease.Complete(Outcome.Success);
        }

        Assert.Equal(RejectionReason.RateLimited, (await AskUnanswered()).Reason);
    }

    [Fact]
    public async Task Admit_WhenTheCallersTimeIsOverMeanwhile_IsRefused()
    {
        Task<AdmissionLease> asked = Ask(new AdmissionRequest(_shedder.ClassOf("/")) { TimeLeft = TimeSpan.FromMilliseconds(50) });
        _time.Pass(50);
        _store.Answer(new RateLimitAnswer(true, 3, TimeSpan.Zero, null));

        Assert.Equal(RejectionReason.DeadlineExceeded, (await asked).Reason);
    }

    [Fact]
    public async Task Admit_WhenTheHostShutsDownMeanwhile_IsRefused()
    {
        Task<AdmissionLease> asked = Ask();
        _shedder.BeginShutdown();
        _store.Answer(new RateLimitAnswer(true, 3, TimeSpan.Zero, null));

        Assert.Equal(RejectionReason.ShuttingDown, (await asked).Reason);
        Assert.Equal(RejectionReason.ShuttingDown, (await Ask()).Reason);
        Assert.Single(_store.Asked);
    }

    [Fact]
    public async Task Wait_ForTheStore_IsNeitherServiceTimeNorAWaitAtTheGate()
    {
        Task<AdmissionLease> asked = Ask();
        _time.Pass(70);
        _store.Answer(new RateLimitAnswer(true, 3, TimeSpan.Zero, null));

        AdmissionLease lease = await asked;

        Assert.Equal((TimeSpan.Zero, _time.GetTimestamp()), (lease.Wait, lease.StartedAt));
    }

    [Fact]
    public async Task Admit_WhenTheStoreFails_FailsOpen()
    {
        Task<AdmissionLease> asked = Ask();
        _store.Fail();

        Assert.Equal(AdmissionDecision.FailedOpen, (await asked).Decision);
    }

    [Fact]
    public async Task Admit_AboveTheHostsCeiling_IsRefusedAfterItsTokenIsSpent()
    {
        using LoadShedder shedder = Build(ShedderRig.Fixed(5, Overflow.Reject, static options => options.MaxConcurrentRequests = 1));
        AdmissionLease first = await AskAnswered(true, shedder);
        Assert.True(first.IsAdmitted);

        Assert.Equal(RejectionReason.HostCeilingReached, (await AskAnswered(true, shedder)).Reason);
        first.Complete(Outcome.Success);
        Assert.True((await AskAnswered(true, shedder)).IsAdmitted);
    }

    [Fact]
    public async Task Reload_ThatMakesTheLimitAReplicasOwnMeanwhile_LeavesNoPermitBehind()
    {
        Task<AdmissionLease> Asked() => _shedder.AdmitAsync(new AdmissionRequest(_shedder.ClassOf("/"))).AsTask();
        BackpressureOptions own = ShedderRig.Fixed(5, Overflow.Reject);
        own.RateLimits["L"] = new RateLimitOptions { Algorithm = RateLimitAlgorithm.Concurrency, PermitLimit = 1 };
        own.Policies["Default"].RateLimit = "L";
        Task<AdmissionLease> asked = Asked();
        _shedder.Reconfigure(own);
        _store.AnswerNothing();

        AdmissionLease lease = await asked;
        Assert.True(lease.IsAdmitted);
        Assert.Equal(RejectionReason.RateLimited, (await Asked()).Reason);
        lease.Complete(Outcome.Success);
        Assert.True((await Asked()).IsAdmitted);
    }

    public void Dispose() => _shedder.Dispose();

    private LoadShedder Build(BackpressureOptions options)
    {
        options.RateLimits["L"] = new RateLimitOptions { Algorithm = RateLimitAlgorithm.FixedWindow, PermitLimit = 2, Scope = RateLimitScope.Fleet };
        options.Policies["Default"].RateLimit = "L";
        return new LoadShedder(SettingsFactory.Build(options, hasFleetStore: true), _time, null, null, fleet: _store);
    }

    private Task<AdmissionLease> Ask() => Ask(new AdmissionRequest(_shedder.ClassOf("/")) { Partition = "key" });

    private Task<AdmissionLease> Ask(in AdmissionRequest request) => _shedder.AdmitAsync(request, TestContext.Current.CancellationToken).AsTask();

    private async Task<AdmissionLease> AskAnswered(bool acquired, LoadShedder? shedder = null)
    {
        shedder ??= _shedder;
        Task<AdmissionLease> asked = shedder.AdmitAsync(new AdmissionRequest(shedder.ClassOf("/"))).AsTask();
        _store.Answer(new RateLimitAnswer(acquired, 0, TimeSpan.Zero, null));
        return await asked;
    }

    private async Task<AdmissionLease> AskUnanswered()
    {
        Task<AdmissionLease> asked = Ask();
        _store.AnswerNothing();
        return await asked;
    }

    private sealed class Store : IFleetStore
    {
        private TaskCompletionSource<RateLimitAnswer?> _answer = new();

        public List<(string Limit, string? Key)> Asked { get; } = [];

        public ValueTask<RateLimitAnswer?> AskAsync(RateLimitSettings limit, string? key)
        {
            Asked.Add((limit.Name, key));
            return new(_answer.Task);
        }

        public void Answer(RateLimitAnswer answer) => Next().SetResult(answer);

        public void AnswerNothing() => Next().SetResult(null);

        public void Fail() => Next().SetException(new InvalidOperationException("A fault of the store's own."));

        private TaskCompletionSource<RateLimitAnswer?> Next()
        {
            TaskCompletionSource<RateLimitAnswer?> asked = _answer;
            _answer = new();
            return asked;
        }
    }
}
