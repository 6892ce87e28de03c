using Backpressure.Http.Responses;

namespace Backpressure.Http.Sending;

/// <content>What became of it, for its gate, its destination's health and credits.</content>
internal partial struct OutboundCall
{
    /// <summary>Bodies above this size, or of unknown size, take the time that the line takes.</summary>
    private const long LargestSampledBody = 64 * 1024;

    /// <summary>A caller that gives up after so many times the usual time has met an overloaded destination.</summary>
    private const int PatienceInUsualTimes = 3;

    /// <summary>The same where no usual time is known.</summary>
    private const double PatienceSeconds = 1;

    /// <summary>The response has begun.</summary>
    public void Answered(HttpResponseMessage response)
    {
        Outcome outcome = Outcome.Ignored;
        TimeSpan retryAfter = TimeSpan.Zero;
        try
        {
            outcome = CallOutcomes.Of(Request, response);
            retryAfter = outcome == Outcome.Dropped ? RetryAfter.Of(response, _client.Time) : TimeSpan.Zero;
            TakeCredit(response);
        }
        catch (Exception e)
        {
            _client.Shedder.NoteFault(e);
        }

        End(outcome, retryAfter);
        ListenForTrailers(response);
    }

    /// <summary>A gRPC answer's body has ended, and its trailers say what became of the call.</summary>
    public readonly void Trailed(HttpResponseMessage response)
    {
        try
        {
            // Where nobody was at it for so long that it is forgotten, nobody learns.
            if (CallOutcomes.OfTrailers(response) == Outcome.Dropped && _destination.TryEnter())
            {
                DroppedLate(RetryAfter.OfTrailers(response));
            }
        }
        catch (Exception e)
        {
            _client.Shedder.NoteFault(e);
        }
    }

    /// <summary>It has failed, or was given up.</summary>
    public void Failed(Exception exception, CancellationToken cancellationToken)
    {
        GiveCreditBack();
        bool givenUp = exception is OperationCanceledException && cancellationToken.IsCancellationRequested;
        Outcome outcome = !givenUp ? CallOutcomes.Of(exception)
            : HasTakenTooLong() ? Outcome.Dropped : Outcome.Ignored;
        End(outcome, givenUp ? TimeSpan.Zero : RetryAfter.Of(exception));
    }

    private readonly void ListenForTrailers(HttpResponseMessage response)
    {
        try
        {
            if (CallOutcomes.IsOpen(Request, response))
            {
                GrpcBody.PutBefore(response, in this);
            }
        }
        catch (Exception e)
        {
            _client.Shedder.NoteFault(e);
        }
    }

    private readonly void TakeCredit(HttpResponseMessage response)
    {
        Span<int> credits = stackalloc int[Priorities.Count - (int)_priority];
        if (Obeys && CreditHeader.TryRead(response, _priority, credits, out TimeSpan goodFor))
        {
            _destination.Credits.Grant(_priority, credits, goodFor);
        }
        else
        {
            GiveCreditBack();
        }
    }

    private readonly void GiveCreditBack()
    {
        if (_spent != 0)
        {
            _destination.Credits.GiveBack(_spent);
        }
    }

    // HttpClient's own time-out cancels the same token as a caller that has changed its mind, so the time has to tell them apart.
    private readonly bool HasTakenTooLong()
    {
        if (_ambient?.TimeLeft == TimeSpan.Zero)
        {
            return true;
        }

        TimeSpan usual = LoadShedder.UsualServiceOf(in _lease);
        return _client.Time.GetElapsedTime(_sentAt) >= (usual > TimeSpan.Zero ? usual * PatienceInUsualTimes : TimeSpan.FromSeconds(PatienceSeconds));
    }

    private void End(Outcome outcome, TimeSpan retryAfter)
    {
        long now = _client.Time.GetTimestamp();
        _answeredAt = now;
        try
        {
            _lease.Complete(outcome, Request.Content is not { } body || body.Headers.ContentLength <= LargestSampledBody);
            _destination.Health.Ended(_priority, outcome, retryAfter, now);
        }
        catch (Exception e)
        {
            _client.Shedder.NoteFault(e);
        }
        finally
        {
            _destination.Leave(now);
        }
    }

    private readonly void DroppedLate(TimeSpan retryAfter)
    {
        long now = _client.Time.GetTimestamp();
        try
        {
            _lease.NoteDroppedLate(now);
            _destination.Health.DroppedLate(_priority, retryAfter, _answeredAt, now);
        }
        finally
        {
            _destination.Leave(now);
        }
    }
}
