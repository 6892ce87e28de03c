using Confluent.Kafka;

namespace Backpressure.Kafka.Consuming;

/// <content>Partitions come and go, are paused and resumed; all on the polling thread.</content>
internal sealed partial class ConsumerWorker
{
    private PartitionWork WorkOf(TopicPartition partition)
    {
        if (!_works.TryGetValue(partition, out PartitionWork? work))
        {
            _works[partition] = work = new PartitionWork(partition, _options, _runner, _consumer.StoreOffset, () => _changed.Set());
            _fresh.Add(work);
        }

        return work;
    }

    private void Assign(List<TopicPartition> partitions)
    {
        foreach (TopicPartition partition in partitions)
        {
            _ = WorkOf(partition);
        }

        Log.Assigned(_logger, Topic, Group, partitions.Count);
    }

    /// <summary>
    /// Gives partitions up. On the polling thread, while the group waits: what waits is forgotten, what is being handled may end within the time
    /// given, so that nobody does it again, and nothing is stored afterwards.
    /// </summary>
    private void HandOver(List<TopicPartition> partitions, TimeSpan patience)
    {
        PartitionWork[] leaving = [.. partitions.Select(partition => _works.TryRemove(partition, out PartitionWork? work) ? work : null).OfType<PartitionWork>()];
        foreach (PartitionWork work in leaving)
        {
            _fresh.Remove(work);
            _pausedCount -= work.IsPaused ? 1 : 0;
            work.Leave();
        }

        var ended = Task.WhenAll(leaving.Select(static work => work.Ended));
        if (patience > TimeSpan.Zero && !ended.IsCompleted)
        {
            ended.WaitAsync(patience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        }

        int unfinished = leaving.Count(static work => !work.Ended.IsCompleted);
        foreach (PartitionWork work in leaving)
        {
            work.Close();
        }

        if (leaving.Length > 0)
        {
            Log.HandedOver(_logger, Topic, Group, leaving.Length);
        }

        if (unfinished > 0)
        {
            Log.HandedOverUnfinished(_logger, Topic, Group, unfinished, patience.TotalSeconds);
        }
    }

    /// <summary>
    /// Pauses or resumes a partition. One that has just come is told in any case: the client keeps a pause beyond the end of an assignment, so a
    /// partition that was paused when it went would come back and never flow again.
    /// </summary>
    private void Balance(PartitionWork work)
    {
        bool pause = work.WantsPause;
        if (pause == work.IsPaused && !_fresh.Contains(work))
        {
            return;
        }

        if (pause)
        {
            _consumer.Pause([work.Partition]);
        }
        else
        {
            _consumer.Resume([work.Partition]);
        }

        _fresh.Remove(work);
        _pausedCount += (pause ? 1 : 0) - (work.IsPaused ? 1 : 0);
        work.SetPaused(pause);
        if (work.WantsPause != pause)
        {
            // Done in the meantime, by somebody who could not know that it would be paused.
            _changed.Set();
        }
    }
}
