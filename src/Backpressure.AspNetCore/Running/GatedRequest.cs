using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.ObjectPool;

namespace Backpressure.AspNetCore.Running;

/// <summary>
/// One request that has been decided: keeps its lease, tells of it as the request's feature, runs it, and completes it once.
/// Pooled; goes back when its response is completed, since until then others may read the feature.
/// </summary>
internal sealed partial class GatedRequest(OutcomeSource outcomes, PlacementCheck placement, ObjectPool<GatedRequest> pool) : IBackpressureFeature
{
    /// <summary>Features are asked for by type and not by the generic method, which costs several times as much.</summary>
    internal static readonly Type FeatureType = typeof(IBackpressureFeature);

    private static readonly Type ResponseFeatureType = typeof(IHttpResponseFeature);

    private static readonly Func<object, Task> OnStarting = static state =>
    {
        ((GatedRequest)state).ResponseStarting();
        return Task.CompletedTask;
    };

    private static readonly Func<object, Task> OnCompleted = static state =>
    {
        ((GatedRequest)state).Recycle();
        return Task.CompletedTask;
    };

    private AdmissionLease _lease;
    private HttpContext? _context;
    private Task? _running;
    private int _phase;
    private bool _startPassed;
    private bool _latencyIsSample;
    private bool _hadEndpoint;
    private bool _isGet;
    private Outcome _ended;

    public AdmissionDecision Decision => _lease.Decision;

    public RejectionReason Reason => _lease.Reason;

    public Priority Priority => _lease.Priority;

    public string Policy => _context is null ? "" : _lease.Policy.Name;

    public string Downstream => _context is null ? "" : _lease.Policy.Downstream;

    public TimeSpan Wait => _lease.Wait;

    public TimeSpan RetryAfter => _lease.RetryAfter;

    public int Limit => _context is null ? 0 : LoadShedder.ReadingOf(in _lease).Limit;

    public int InFlight => _context is null ? 0 : LoadShedder.ReadingOf(in _lease).InFlight;

    public string? LimitedBy => _context is null ? null : LoadShedder.LimitedBy(in _lease);

    public int Cost
    {
        get => _lease.Cost;
        set => CorrectCost(value);
    }

    public Outcome? Outcome { get; set; }

    internal ref readonly AdmissionLease Lease => ref _lease;

    internal HttpContext Context => _context!;

    internal ObjectPool<GatedRequest> Pool => pool;

    /// <summary>How long its caller cared when it came; kept only where clients ask.</summary>
    internal TimeSpan? TimeLeft { get; set; }

    /// <summary>What clients are told of it, where they ask.</summary>
    internal AmbientRequest? Ambient { get; set; }

    /// <summary>What tells its caller how many more to send, where he is told.</summary>
    internal Credits? Credits { get; set; }

    /// <summary>Has it decided in place where only the gate has a say.</summary>
    /// <returns>Whether it is decided; if not, nothing has happened.</returns>
    public bool TryDecide(LoadShedder shedder, RequestClass requestClass) => shedder.TryDecidePlain(requestClass, noWait: false, ref _lease);

    /// <summary>Takes over a decided lease; the caller's copy must not be used any more.</summary>
    public void Take(in AdmissionLease lease) => _lease = lease;

    /// <summary>Is decided, and the request's own from here to the end of its response: it is among its features already.</summary>
    /// <param name="context">Whose it is.</param>
    /// <param name="isGet">Whether its method is GET, which has no body and is no call by gRPC.</param>
    /// <param name="hasEndpoint">Whether routing has found what it is for.</param>
    public void Begin(HttpContext context, bool isGet, bool hasEndpoint)
    {
        _context = context;
        _phase = Phase.Running;
        _startPassed = false;
        _hadEndpoint = hasEndpoint;
        _isGet = isGet;
        var response = (IHttpResponseFeature)context.Features[ResponseFeatureType]!;
        if (response.HasStarted)
        {
            // Only a middleware before us can have done that: there is no later start to measure up to.
            _latencyIsSample = false;
            return;
        }

        response.OnCompleted(OnCompleted, this);
        if (_lease.IsAdmitted)
        {
            _latencyIsSample = isGet || RequestBodies.LatencyIsSample(context);
            response.OnStarting(OnStarting, this);
        }
    }

    /// <summary>Runs the rest of the pipeline. What it throws comes through as it is.</summary>
    public Task RunAsync(RequestDelegate next)
    {
        try
        {
            _running = next(_context!);
        }
        catch (Exception e)
        {
            End(e);
            throw;
        }

        if (!_running.IsCompletedSuccessfully)
        {
            return FinishAsync();
        }

        End(null);
        return Task.CompletedTask;
    }

    /// <summary>The handler has ended, one way or the other, and only now: the slot is free.</summary>
    private void End(Exception? exception)
    {
        HttpContext context = _context!;
        Complete(outcomes.Of(context, exception, Outcome, _isGet, _lease.LivesLong));
        if (!_hadEndpoint)
        {
            placement.After(context);
        }
    }

    private void Complete(Outcome outcome)
    {
        _running = null;
        Ambient?.Dispose();
        _ended = outcome;
        if (Interlocked.Exchange(ref _phase, Phase.Ended) is Phase.Running or Phase.Started)
        {
            CompleteLease();
        }
    }

    private void CompleteLease()
    {
        _lease.Complete(_ended, _latencyIsSample);
        Volatile.Write(ref _phase, Phase.Completed);
    }

    /// <summary>
    /// Runs while the handler writes; or after it has ended, when it wrote nothing; or, when the handler has left a
    /// write behind, at the same time as <see cref="Complete"/>, which then leaves the completing to here.
    /// </summary>
    private void ResponseStarting()
    {
        if (Volatile.Read(ref _phase) is Phase.Running or Phase.Correcting && Enter(Phase.Starting, Phase.Running))
        {
            NoteStart();
            if (Interlocked.CompareExchange(ref _phase, Phase.Started, Phase.Starting) != Phase.Starting)
            {
                CompleteLease();
            }
        }

        Credits?.Tell(this);
        Volatile.Write(ref _startPassed, true);
    }

    // By the handler, or by what it has left behind: which is why it must not meet the lease's completion.
    private void CorrectCost(int cost)
    {
        int phase = Phase.Running;
        if (!Enter(Phase.Correcting, phase))
        {
            phase = Phase.Started;
            if (!Enter(Phase.Correcting, phase))
            {
                return;
            }
        }

        _lease.CorrectCost(cost);
        if (Interlocked.CompareExchange(ref _phase, phase, Phase.Correcting) != Phase.Correcting)
        {
            CompleteLease();
        }
    }

    /// <summary>Goes from one phase into one that has the lease to itself; waits for another such one to end.</summary>
    private bool Enter(int phase, int from)
    {
        var spin = default(SpinWait);
        while (true)
        {
            int seen = Interlocked.CompareExchange(ref _phase, phase, from);
            if (seen is not (Phase.Starting or Phase.Correcting))
            {
                return seen == from;
            }

            spin.SpinOnce();
        }
    }

    private void NoteStart()
    {
        try
        {
            _lease.ResponseStarted();
            if (LongLivedResponses.FreesSlot(_context!, _lease.Policy.HoldUntil, Outcome))
            {
                _lease.BecomeLongLived(_latencyIsSample);
            }
        }
#pragma warning disable CA1031 // A fault of our own must neither fail the response nor keep its slot.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _lease.Class.Owner.NoteFault(fault);
        }
    }

    private void Recycle()
    {
        HttpContext context = _context!;
        if (_lease.IsAdmitted && !(Volatile.Read(ref _phase) == Phase.Completed && Volatile.Read(ref _startPassed)))
        {
            // A server that completes responses before their handlers end; or a write left behind that is about to start
            // the response still. Whoever comes late must find this request here and not another: left to the collector.
            return;
        }

        // For callbacks that run after this one: they must not read what is another request's by then.
        context.Features[FeatureType] = null;
        _context = null;
        _lease = default;
        Ambient = null;
        Credits = null;
        TimeLeft = null;
        Outcome = null;
        pool.Return(this);
    }

    private static class Phase
    {
        public const int Running = 0;
        public const int Starting = 1;
        public const int Started = 2;

        /// <summary>The handler has ended; the lease is about to be completed by it or, if it met Starting or Correcting, by that.</summary>
        public const int Ended = 3;

        /// <summary>The handler corrects its request's cost.</summary>
        public const int Correcting = 5;

        /// <summary>The lease is completed: nobody uses it any more.</summary>
        public const int Completed = 4;
    }
}
