using System.Runtime.CompilerServices;

namespace Backpressure.AspNetCore.Running;

/// <content>
/// A handler that does not end at once. What the compiler would make of an async method here keeps its state in an object of its own,
/// with the context and the awaiter; all of that is this object's anyway, so nothing is allocated but the task that the server awaits.
/// </content>
internal sealed partial class GatedRequest
{
    private static readonly ContextCallback FinishInContext = static state => ((GatedRequest)state!).Finish();

    private AsyncTaskMethodBuilder _finishing;
    private ExecutionContext? _flowing;
    private Action? _onHandlerEnded;

    private Task FinishAsync()
    {
        _finishing = AsyncTaskMethodBuilder.Create();
        Task finished = _finishing.Task;

        // Null: its flow is suppressed, as in an async method.
        _flowing = ExecutionContext.Capture();
        _running!.GetAwaiter().UnsafeOnCompleted(_onHandlerEnded ??= OnHandlerEnded);
        return finished;
    }

    private void OnHandlerEnded()
    {
        if (_flowing is { } context)
        {
            ExecutionContext.Run(context, FinishInContext, this);
        }
        else
        {
            Finish();
        }
    }

    private void Finish()
    {
        // From its completion on this object may be another request's.
        AsyncTaskMethodBuilder finishing = _finishing;
        Task running = _running!;
        _finishing = default;
        _flowing = null;
        try
        {
            if (!running.IsCompletedSuccessfully)
            {
                running.GetAwaiter().GetResult();
            }
        }
#pragma warning disable CA1031 // The handler's, which goes on to whoever awaits it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(ref finishing, e);
            return;
        }

        try
        {
            End(null);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            finishing.SetException(e);
            return;
        }

        finishing.SetResult();
    }

    private void Fail(ref AsyncTaskMethodBuilder finishing, Exception exception)
    {
        try
        {
            End(exception);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            exception = e;
        }

        finishing.SetException(exception);
    }
}
