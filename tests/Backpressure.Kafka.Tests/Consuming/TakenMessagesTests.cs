using Backpressure.Kafka.Consuming;
using Confluent.Kafka;

namespace Backpressure.Kafka.Tests.Consuming;

public sealed class TakenMessagesTests
{
    [Fact]
    public void Complete_SaysWhereToGoOn_OnlyUpToTheFirstThatIsNotDone()
    {
        var taken = new TakenMessages();

        // Offsets have gaps where a log was compacted.
        TakenMessages.Taken[] messages = [.. new long[] { 3, 4, 9 }.Select(offset => taken.Add(Message(offset)))];

        Assert.Null(taken.Complete(messages[1]));
        Assert.Equal((3, 9L), (taken.Count, taken.Bytes));
        Assert.Equal(5, taken.Complete(messages[0])!.Offset.Value);
        Assert.Equal((1, 3L), (taken.Count, taken.Bytes));
        Assert.Equal(10, taken.Complete(messages[2])!.Offset.Value);
        Assert.Equal((0, 0L), (taken.Count, taken.Bytes));
    }

    [Fact]
    public void InAnyOrderOfEnds_WhatIsCommittedNeverPassesWhatIsNotDone()
    {
        var random = new Random(1);
        for (int round = 0; round < 100; round++)
        {
            var taken = new TakenMessages();
            TakenMessages.Taken[] messages = [.. Enumerable.Range(0, 50).Select(offset => taken.Add(Message(offset)))];
            var done = new SortedSet<long>();
            long committed = 0;
            foreach (TakenMessages.Taken message in messages.OrderBy(_ => random.Next()))
            {
                done.Add(message.Message.Offset.Value);
                committed = taken.Complete(message)?.Offset.Value ?? committed;
                long first = Enumerable.Range(0, 51).First(offset => !done.Contains(offset));
                Assert.Equal(first, committed);
            }

            Assert.Equal(50, committed);
        }
    }

    private static ConsumeResult<byte[]?, byte[]?> Message(long offset) => new()
    {
        Topic = "orders", Partition = 0, Offset = offset, Message = new Message<byte[]?, byte[]?> { Key = [1], Value = [1, 2] },
    };
}
