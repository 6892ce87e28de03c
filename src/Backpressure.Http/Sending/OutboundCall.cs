using System.Diagnostics.CodeAnalysis;
using Backpressure.Http.Destinations;
using Backpressure.Http.Responses;
using Backpressure.Observability;

namespace Backpressure.Http.Sending;

/// <summary>
/// One call from its beginning to its end: what it is, what its destination's health and gate say to it, what became of it. A mutable
/// value that moves from the handler's fast way into its state machine; never used in two places.
/// </summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A fault of our own must neither cost a call nor keep a slot.")]
internal partial struct OutboundCall
{
    private OutboundClient _client;
    private Destination _destination;
    private AmbientRequest? _ambient;
    private AdmissionRequest _admission;
    private AdmissionLease _lease;
    private long _askedAt;
    private long _sentAt;
    private long _answeredAt;
    private Priority _priority;
    private byte _spent;

    public HttpRequestMessage Request { get; private set; }

    /// <summary>The answer, if it is not to be sent because of what its destination said before.</summary>
    public HttpResponseMessage? Refusal { get; private set; }

    public static OutboundCall Begin(OutboundClient client, HttpRequestMessage request, Uri uri)
    {
        ClientSettings settings = client.Settings;
        AmbientRequest? ambient = client.Current;
        Priority priority = CallHeaders.ReadPriority(request) ?? ambient?.Priority ?? settings.Priority;
        var call = new OutboundCall { _client = client, _ambient = ambient, _priority = priority, Request = request };
        long now = client.Time.GetTimestamp();
        client.Destinations.LookForIdle(now);
        call._destination = client.Destinations.Enter(uri);
        try
        {
            RefusalReason reason = call._destination.Health.Ask(priority, now, out int seconds);
            if (reason != RefusalReason.None && settings.Enforces)
            {
                client.NoteNotSent(call._destination, priority, reason, seconds);
                call.Refusal = LocalRefusal.To(request, reason.Tag(), seconds);
                call._destination.Leave(now);
                return call;
            }

            call._askedAt = now;
            call._sentAt = now;
            call._admission = new AdmissionRequest(call._destination.ClassOf(RouteOf(client, settings, request), priority))
            {
                TimeLeft = ambient?.TimeLeft,
                Nested = ambient is not null,

                // It would wait for what is held by the very call that it is made for.
                NoWait = ambient is { Chain.HasComeBack: true },
            };
            return call;
        }
        catch
        {
            call._destination.Leave(now);
            throw;
        }
    }

    /// <summary>Asks for a credit, where the destination grants some.</summary>
    /// <returns>Whether it may be sent now; if not, it must wait.</returns>
    public bool TrySpendCredit() => !_destination.Credits.IsUsed || !Obeys || _destination.Credits.TrySpend(_priority, _sentAt, out _spent);

    /// <summary>Waits for one, never longer than <c>MaxWait</c> and the deadline.</summary>
    public readonly Task<CreditDecision> WaitForCreditAsync(CancellationToken cancellationToken)
    {
        if (_admission.NoWait)
        {
            return Task.FromResult(new CreditDecision(CreditAnswer.None, 0));
        }

        ClientSettings settings = _client.Settings;
        bool byDeadline = _admission.TimeLeft < settings.MaxWait;
        TimeSpan longest = byDeadline ? _admission.TimeLeft!.Value : settings.MaxWait;
        var waiter = new CreditWaiter(
            _priority, _sentAt + (long)(longest.TotalSeconds * _client.Time.TimestampFrequency), byDeadline ? CreditAnswer.DeadlineExceeded : CreditAnswer.None);
        return _destination.Credits.WaitAsync(waiter, _ambient is not null, _destination.QueueCapacity, cancellationToken);
    }

    /// <summary>It has waited for a credit.</summary>
    /// <param name="decision">What it was told.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>The refusal; null: on to the gate.</returns>
    /// <exception cref="OperationCanceledException">The caller has gone meanwhile.</exception>
    public HttpResponseMessage? RefuseUnlessGranted(CreditDecision decision, CancellationToken cancellationToken)
    {
        long now = _client.Time.GetTimestamp();
        CreditAnswer answer = decision.Answer;
        if (answer == CreditAnswer.Granted)
        {
            _spent = decision.Spent;
            _sentAt = now;
            _admission = _admission with { TimeLeft = _ambient?.TimeLeft };
            return null;
        }

        _destination.Health.NotSent(_priority, answer == CreditAnswer.None, _askedAt, now);
        _destination.Leave(now);
        if (answer == CreditAnswer.ClientAborted)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (answer == CreditAnswer.DeadlineExceeded)
        {
            return LocalRefusal.To(Request, RejectionReason.DeadlineExceeded.Tag(), 0);
        }

        _client.NoteNotSent(_destination, _priority, RefusalReason.NoCredit, 1);
        return LocalRefusal.To(Request, RefusalReason.NoCredit.Tag(), 1);
    }

    /// <summary>Has it decided where only the gate has a say.</summary>
    public bool TryDecide() => _client.Shedder.TryDecidePlain(in _admission, ref _lease);

    public readonly ValueTask<AdmissionLease> AdmitAsync(CancellationToken cancellationToken) => _client.Shedder.AdmitAsync(in _admission, cancellationToken);

    public void Take(in AdmissionLease lease) => _lease = lease;

    /// <summary>Either carries what it has to tell, and is to be sent; or is refused by its gate.</summary>
    /// <returns>The refusal; null: send it.</returns>
    /// <exception cref="OperationCanceledException">The caller has gone while it waited.</exception>
    public HttpResponseMessage? RefuseUnlessAdmitted(CancellationToken cancellationToken)
    {
        long now = _lease.Wait > TimeSpan.Zero || !_lease.IsAdmitted ? _client.Time.GetTimestamp() : _sentAt;
        if (_lease.IsAdmitted)
        {
            _sentAt = now;
            Carry();
            return null;
        }

        GiveCreditBack();
        _destination.Health.NotSent(_priority, _lease.Reason is not (RejectionReason.ClientAborted or RejectionReason.DeadlineExceeded), _askedAt, now);
        _destination.Leave(now);
        if (_lease.Reason == RejectionReason.ClientAborted)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return LocalRefusal.To(Request, _lease.Reason.Tag(), (int)Math.Ceiling(_lease.RetryAfter.TotalSeconds));
    }

    private readonly bool Obeys => _client.Settings is { Credits: true, Enforces: true };

    private readonly void Carry()
    {
        try
        {
            if (!_client.Settings.Propagate)
            {
                return;
            }

            if (_ambient is not null)
            {
                CallHeaders.Carry(Request, _priority, _ambient);
            }

            if (_destination.Credits.IsUsed)
            {
                CallHeaders.CarryCaller(Request, _client.Caller, _destination.Credits.Waiting);
            }
        }
        catch (Exception e)
        {
            _client.Shedder.NoteFault(e);
        }
    }

    private static string RouteOf(OutboundClient client, ClientSettings settings, HttpRequestMessage request)
    {
        try
        {
            if (settings.RouteOf?.Invoke(request) is { } route)
            {
                return route;
            }
        }
        catch (Exception e)
        {
            Log.RouteOfFailed(client.Logger, e, client.Name);
        }

        // gRPC's paths are methods of services, few and known; of others a path may be anything.
        return GrpcCalls.IsGrpc(request) ? request.RequestUri!.AbsolutePath : request.Method.Method;
    }
}
