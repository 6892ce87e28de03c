namespace Backpressure.Schedules.Controlled;

/// <summary>Stands for <see cref="System.Threading.CancellationToken"/>.</summary>
public readonly record struct ControlledToken
{
    private readonly ControlledTokenSource? _source;

    internal ControlledToken(ControlledTokenSource source) => _source = source;

    internal bool CanBeCanceled => _source is not null;

    internal ControlledRegistration UnsafeRegister(Action<object?> callback, object? state) =>
        _source is null ? default : _source.Register(callback, state);
}
