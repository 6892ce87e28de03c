using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Backpressure.Admission;

/// <summary>
/// A gate's lock: <c>using (_lock.Hold()) { … }</c>. What is done under it takes some ten nanoseconds and waits for nothing, so whoever
/// comes meanwhile spins, and after a while lets others run. Nobody sleeps at it, so to let go of it is a plain write and finds out
/// nothing. Not reentrant; a value that must stay in its place.
/// </summary>
internal struct GateLock
{
    private SpinLock _lock = new(enableThreadOwnerTracking: false);

    public GateLock()
    {
    }

    /// <summary>Whether somebody has it. For assertions: who it is, nobody knows.</summary>
    public readonly bool IsHeld => _lock.IsHeld;

    /// <summary>Waits until it is free, and has it until the scope is disposed of.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Scope Hold()
    {
        bool taken = false;
        _lock.Enter(ref taken);
        return new Scope(ref this);
    }

    /// <summary>Takes it if it is free; then <see cref="Exit"/> must follow.</summary>
    public bool TryEnter()
    {
        bool taken = false;
        _lock.TryEnter(ref taken);
        return taken;
    }

    /// <summary>Lets go of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit()
    {
        Debug.Assert(_lock.IsHeld, "It is left by who has it.");
        _lock.Exit(useMemoryBarrier: false);
    }

    /// <summary>The time that somebody has it.</summary>
    public readonly ref struct Scope
    {
        private readonly ref GateLock _held;

        internal Scope(ref GateLock held) => _held = ref held;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose() => _held.Exit();
    }
}
