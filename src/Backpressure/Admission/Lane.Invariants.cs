using System.Diagnostics;

namespace Backpressure.Admission;

/// <content>What holds after every operation.</content>
internal sealed partial class Lane
{
    private int _asked;

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        // Not each time: it looks at every queue.
        if (++_asked % 16 != 0)
        {
            return;
        }

        int count = _nested.Count;
        int sheddable = _nested.Count;
        int active = 0;
        for (int i = 0; i < _queues.Length; i++)
        {
            ref readonly PartitionQueue queue = ref _queues[i];
            count += queue.Count;
            sheddable += queue.Sheddable.Count;
            active += queue.Count > 0 ? 1 : 0;
            Debug.Assert(queue.Head(newestFirst: false) is not { } oldest || oldest.Order == queue.OldestOrder, "Whose turn it is can be told without looking at who waits.");
            Debug.Assert(queue.Owed >= 0, "What waits is owed, and nothing else.");
            Debug.Assert(queue.Count == 0 || _queues.Length == 1 || Math.Abs(queue.Paid - _fair) <= _maxLead, "Deficits are bounded.");
        }

        Debug.Assert((Count, SheddableCount, _active.Count) == (count, sheddable, active), "Each waiter stands in one queue, and the counts follow them.");
    }
}
