using System.Diagnostics.CodeAnalysis;
using Backpressure.Http.Destinations;

namespace Backpressure.Http.Sending;

/// <summary>
/// A call's way, in order: decide (see <see cref="OutboundCall"/>) → carry headers → send → say what became of it. Where nothing has to be
/// waited for there is no state machine and no allocation.
/// </summary>
[SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "A refusal is the caller's to dispose of, as any response.")]
internal sealed class BackpressureHandler(OutboundClient client) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        OutboundCall call = default;
        if (!TryBegin(request, ref call))
        {
            return base.SendAsync(request, cancellationToken);
        }

        if (call.Refusal is not null)
        {
            return Task.FromResult(call.Refusal);
        }

        return call.TrySpendCredit() ? DecideAndSend(ref call, cancellationToken) : WaitForCreditAndSendAsync(call, cancellationToken);
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        OutboundCall call = default;
        if (!TryBegin(request, ref call))
        {
            return base.Send(request, cancellationToken);
        }

        if (call.Refusal is not null)
        {
            return call.Refusal;
        }

        // Who calls synchronously has given his thread away already.
        if (!call.TrySpendCredit()
            && call.RefuseUnlessGranted(call.WaitForCreditAsync(cancellationToken).GetAwaiter().GetResult(), cancellationToken) is { } notGranted)
        {
            return notGranted;
        }

        if (!call.TryDecide())
        {
            call.Take(call.AdmitAsync(cancellationToken).AsTask().GetAwaiter().GetResult());
        }

        if (call.RefuseUnlessAdmitted(cancellationToken) is { } refusal)
        {
            return refusal;
        }

        try
        {
            HttpResponseMessage response = base.Send(request, cancellationToken);
            call.Answered(response);
            return response;
        }
        catch (Exception e)
        {
            call.Failed(e, cancellationToken);
            throw;
        }
    }

    private Task<HttpResponseMessage> DecideAndSend(ref OutboundCall call, CancellationToken cancellationToken)
    {
        if (!call.TryDecide())
        {
            ValueTask<AdmissionLease> admission = call.AdmitAsync(cancellationToken);
            if (!admission.IsCompletedSuccessfully)
            {
                return WaitAndSendAsync(call, admission, cancellationToken);
            }

            call.Take(admission.Result);
        }

        return SendOrRefuse(ref call, cancellationToken);
    }

    // A fault of our own sends the call as if we were not there.
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "It fails open.")]
    private bool TryBegin(HttpRequestMessage request, ref OutboundCall call)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true } uri || client.Settings.IsOff)
        {
            return false;
        }

        try
        {
            call = OutboundCall.Begin(client, request, uri);
            return true;
        }
        catch (Exception e)
        {
            Log.FailedOpen(client.Logger, e, client.Name);
            return false;
        }
    }

    private Task<HttpResponseMessage> SendOrRefuse(ref OutboundCall call, CancellationToken cancellationToken)
    {
        if (call.RefuseUnlessAdmitted(cancellationToken) is { } refusal)
        {
            return Task.FromResult(refusal);
        }

        Task<HttpResponseMessage> sending;
        try
        {
            sending = base.SendAsync(call.Request, cancellationToken);
        }
        catch (Exception e)
        {
            call.Failed(e, cancellationToken);
            throw;
        }

        if (!sending.IsCompletedSuccessfully)
        {
            return FinishAsync(SentCall.Of(in call, cancellationToken), sending);
        }

#pragma warning disable CA1849 // It is completed.
        call.Answered(sending.Result);
#pragma warning restore CA1849
        return sending;
    }

    private async Task<HttpResponseMessage> WaitForCreditAndSendAsync(OutboundCall call, CancellationToken cancellationToken)
    {
        CreditDecision decision = await call.WaitForCreditAsync(cancellationToken).ConfigureAwait(false);
        return call.RefuseUnlessGranted(decision, cancellationToken)
            ?? await DecideAndSend(ref call, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> WaitAndSendAsync(OutboundCall call, ValueTask<AdmissionLease> admission, CancellationToken cancellationToken)
    {
        call.Take(await admission.ConfigureAwait(false));
        return await SendOrRefuse(ref call, cancellationToken).ConfigureAwait(false);
    }

    // Two variables outlive the wait and no more, so that its task takes no more than that of a handler that does nothing but await.
    private static async Task<HttpResponseMessage> FinishAsync(SentCall sent, Task<HttpResponseMessage> sending)
    {
        HttpResponseMessage response;
        try
        {
            response = await sending.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            sent.Failed(e);
            throw;
        }

        sent.Answered(response);
        return response;
    }
}
