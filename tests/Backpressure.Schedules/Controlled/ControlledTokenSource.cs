namespace Backpressure.Schedules.Controlled;

/// <summary>
/// Stands for <see cref="System.Threading.CancellationTokenSource"/> in what the engine relies on: a callback runs at most
/// once, on the thread that cancels or, if that has happened, that registers; once a registration is disposed of its
/// callback has ended or will never begin.
/// </summary>
internal sealed class ControlledTokenSource
{
    private readonly object _lock = new();
    private readonly List<Callback> _callbacks = [];
    private bool _cancelled;

    public ControlledToken Token => new(this);

    public void Cancel()
    {
        while (TakeNext() is { } callback)
        {
            callback.Run();
        }
    }

    public ControlledRegistration Register(Action<object?> action, object? state)
    {
        var callback = new Callback(this, action, state);
        lock (_lock)
        {
            if (!_cancelled)
            {
                _callbacks.Add(callback);
                return new ControlledRegistration(callback);
            }
        }

        action(state);
        return default;
    }

    private Callback? TakeNext()
    {
        lock (_lock)
        {
            _cancelled = true;
            if (_callbacks.Count == 0)
            {
                return null;
            }

            Callback callback = _callbacks[^1];
            _callbacks.RemoveAt(_callbacks.Count - 1);
            callback.Begin();
            return callback;
        }
    }

    internal sealed class Callback(ControlledTokenSource source, Action<object?> action, object? state)
    {
        private bool _running;
        private int _thread;

        /// <summary>Under the source's lock.</summary>
        public void Begin()
        {
            _running = true;
            _thread = Environment.CurrentManagedThreadId;
        }

        public void Run()
        {
            try
            {
                action(state);
            }
            finally
            {
                lock (source._lock)
                {
                    _running = false;
                    Monitor.PulseAll(source._lock);
                }
            }
        }

        public void Unregister()
        {
            lock (source._lock)
            {
                source._callbacks.Remove(this);
                while (_running && _thread != Environment.CurrentManagedThreadId)
                {
                    Monitor.Wait(source._lock);
                }
            }
        }
    }
}
