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
    /// The share of queue places and of drain that each lower priority keeps, so that none starves. 0 to 0.2;
    /// default 0.05.
    /// </summary>
    public double MinShare { get; set; } = 0.05;

    /// <summary>Who goes first within a priority. Default <see cref="ProcessingOrder.OldestFirst"/>.</summary>
    public ProcessingOrder ProcessingOrder { get; set; }
}
