namespace Backpressure.Kafka.Lag;

/// <summary>What the cluster says of one partition.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="Committed">Up to where the group is done; null: it has never said so.</param>
/// <param name="Low">The first offset that is still kept.</param>
/// <param name="High">The offset that the next message will have.</param>
internal readonly record struct PartitionOffsets(int Partition, long? Committed, long Low, long High);
