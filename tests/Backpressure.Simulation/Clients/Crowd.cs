using Backpressure.Simulation.Arrivals;
using Backpressure.Simulation.Running;

namespace Backpressure.Simulation.Clients;

/// <summary>
/// The clients of one run: when each gives up waiting, whether it tries again and when. What they draw depends on the
/// seed and on which client it is, not on the order of events.
/// </summary>
internal sealed class Crowd
{
    /// <summary>Before the first retry, on average; it doubles with each.</summary>
    private const double MeanPauseSeconds = 0.1;

    private readonly ClientSpec _spec;
    private readonly double _unit;
    private readonly int _seed;
    private readonly CallingProcess[] _callers;
    private readonly PriorityQueue<(Request Request, long Ticket), (double At, long Order)> _due = new();
    private long _order;

    /// <param name="spec">What they are like.</param>
    /// <param name="unit">Seconds for each second of the specification.</param>
    /// <param name="seed">Of the run.</param>
    public Crowd(ClientSpec spec, double unit, int seed)
    {
        _spec = spec;
        _unit = unit;
        _seed = seed;
        _callers = [.. Enumerable.Range(0, spec.HasHandler ? CallingProcess.Number : 0).Select(_ => new CallingProcess())];
    }

    /// <summary>When the next one gives up or comes back, in seconds.</summary>
    public double NextDue => _due.TryPeek(out _, out (double At, long) due) ? due.At : double.PositiveInfinity;

    /// <summary>Whether a client's first attempt leaves its process at all.</summary>
    public bool Sends(Request request, double now) =>
        !_spec.HasHandler || CallerOf(request).MaySend(now, Draw(request, 0).Unit());

    /// <summary>An attempt is on its way.</summary>
    public void Sent(Request request, double now)
    {
        request.Pausing = false;
        if (_spec.TimeOut is { } timeOut)
        {
            Plan(request, now + (timeOut * _unit));
        }
    }

    /// <summary>It was served in time.</summary>
    public void Answered(Request request, double now)
    {
        request.Ticket++;
        if (_spec.HasHandler)
        {
            CallerOf(request).Served(now);
        }
    }

    /// <summary>An attempt has failed: plans the next one, if there is to be one.</summary>
    /// <param name="request">The client's next attempt.</param>
    /// <param name="now">Seconds.</param>
    /// <param name="retryAfterSeconds">What it was told; 0: nothing.</param>
    public bool ComesBack(Request request, double now, int retryAfterSeconds)
    {
        request.Ticket++;
        Draws draws = Draw(request, request.Attempt + 1);
        if (request.Attempt >= _spec.Retries || (_spec.HasHandler && !CallerOf(request).MayRetry()))
        {
            if (_spec.HasHandler)
            {
                CallerOf(request).Failed(now, retryAfterSeconds);
            }

            return false;
        }

        // Who was told a time comes back right then: a pause on top would even out what the gate has to even out.
        double pause = _spec.ObeysRetryAfter && retryAfterSeconds > 0
            ? retryAfterSeconds
            : MeanPauseSeconds * _unit * Math.ScaleB(0.5 + draws.Unit(), request.Attempt);
        request.Attempt++;
        request.Pausing = true;
        Plan(request, now + pause);
        return true;
    }

    /// <summary>Takes out what is due; null: it had been overtaken.</summary>
    public Request? Take()
    {
        (Request request, long ticket) = _due.Dequeue();
        return request.Ticket == ticket ? request : null;
    }

    private void Plan(Request request, double at) => _due.Enqueue((request, ++request.Ticket), (at, _order++));

    private CallingProcess CallerOf(Request request) => _callers[request.Client % CallingProcess.Number];

    // Below what the trace draws from.
    private Draws Draw(Request request, int attempt) => new(_seed, -2 - (request.Client * 64L) - attempt);
}
