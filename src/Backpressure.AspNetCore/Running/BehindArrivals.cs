using System.Runtime.CompilerServices;

namespace Backpressure.AspNetCore.Running;

/// <summary>
/// Awaited, it goes on behind all that the thread pool was given before: at the end of the queue that all threads share. <c>Task.Yield</c> would
/// not do: what a thread of the pool queues for itself it takes first, ahead of those that wait.
/// </summary>
internal readonly struct BehindArrivals : ICriticalNotifyCompletion
{
    public bool IsCompleted => false;

    public BehindArrivals GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) =>
        ThreadPool.UnsafeQueueUserWorkItem(static goOn => goOn(), continuation, preferLocal: false);
}
