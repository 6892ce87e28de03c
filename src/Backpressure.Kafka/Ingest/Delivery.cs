using Confluent.Kafka;

namespace Backpressure.Kafka.Ingest;

/// <summary>One message on its way: it holds its place in the buffer from its admission until its fate is known.</summary>
internal sealed class Delivery(Action ended)
{
    // Off the client's one thread: user code that waits there would hold up everybody's deliveries.
    private readonly TaskCompletionSource<KafkaIngestResult> _fate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AdmissionLease _lease;
    private int _ended;

    /// <summary>What became of it.</summary>
    public Task<KafkaIngestResult> Fate => _fate.Task;

    public bool IsAdmitted => _lease.IsAdmitted;

    public RejectionReason Reason => _lease.Reason;

    public TimeSpan RetryAfter => _lease.RetryAfter;

    public void Begin(AdmissionLease lease)
    {
        _lease = lease;
        if (!lease.IsAdmitted)
        {
            End(Outcome.Ignored, new KafkaIngestResult { Status = KafkaIngestStatus.Rejected, Reason = lease.Reason, RetryAfter = lease.RetryAfter });
        }
    }

    /// <summary>Takes as much of the buffer as it really needs.</summary>
    public void Take(int cost) => _lease.CorrectCost(cost);

    /// <summary>The client's last word on it.</summary>
    public void Report(DeliveryReport<byte[]?, byte[]> report)
    {
        if (!report.Error.IsError)
        {
            End(Outcome.Success, new KafkaIngestResult { Status = KafkaIngestStatus.Stored, Position = report.TopicPartitionOffset });
            return;
        }

        Fail(report.Error);
    }

    public void Fail(Error error) => End(
        error.Code == ErrorCode.Local_MsgTimedOut ? Outcome.Dropped : Outcome.Ignored,
        new KafkaIngestResult { Status = KafkaIngestStatus.Failed, Error = error, RetryAfter = KafkaIngest.RetrySoon });

    /// <summary>Gives its place back and tells who waits. Only the first call counts.</summary>
    public void End(Outcome outcome, KafkaIngestResult fate)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            _lease.Complete(outcome);
            _fate.SetResult(fate);
            ended();
        }
    }
}
