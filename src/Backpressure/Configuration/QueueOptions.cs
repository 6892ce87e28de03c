namespace Backpressure;

/// <summary>Who may wait at a gate when its limit is reached.</summary>
public sealed class QueueOptions
{
    /// <summary>
    /// How many requests of overflow <see cref="Overflow.Shed"/> may wait. 0 to 1 000 000 (0: none waits);
    /// default <see langword="null"/>: twice the current limit, at least 16.
    /// </summary>
    public int? Capacity { get; set; }

    /// <summary>
    /// How many requests of overflow <see cref="Overflow.Block"/> may wait. 0 to 1 000 000; default 1000. Memory
    /// bound: this times the transport's read buffer (1 MiB a connection unless configured), since a waiting body
    /// is not read.
    /// </summary>
    public int BlockCapacity { get; set; } = 1000;

    /// <summary>
    /// The share of queue places, and of service (usual time × cost), that each lower priority keeps, so that none starves.
    /// 0 to 0.2; default 0.01.
    /// </summary>
    public double MinShare { get; set; } = 0.01;

    /// <summary>
    /// Whether those who must go for want of a place are the same users everywhere, rather than everybody now and then: of
    /// partitions that wait for about as much, the one goes whose hash is lowest, in this hour and in every service alike.
    /// For services that need each other's answers. Default <see langword="false"/>.
    /// </summary>
    public bool ShedSameUsers { get; set; }

    /// <summary>Who goes first within a partition of one priority. Default <see cref="ProcessingOrder.OldestFirst"/>.</summary>
    public ProcessingOrder ProcessingOrder { get; set; }
}
