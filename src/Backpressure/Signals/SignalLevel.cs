namespace Backpressure.Signals;

/// <summary>How strongly a signal lowers a limit: 0 not at all, 1 to the minimum. Pure; the state is its two numbers.</summary>
/// <param name="Value">The reading, averaged as configured; NaN: none yet.</param>
/// <param name="Level">0 to 1.</param>
/// <remarks>
/// It rises at once, since each moment of a hard signal costs requests, and falls over <see cref="RecoverySeconds"/>, since what
/// made it hard may come back when the limit does. Moves below <see cref="DeadBand"/> are noise.
/// </remarks>
internal readonly record struct SignalLevel(double Value, double Level)
{
    /// <summary>From one end to the other on the way back.</summary>
    public const double RecoverySeconds = 1;

    /// <summary>Differences that are not followed, except to either end.</summary>
    public const double DeadBand = 0.02;

    public static SignalLevel None { get; } = new(double.NaN, 0);

    /// <summary>What the thresholds make of a value: 0 at the soft one and before, 1 at the hard one and beyond.</summary>
    public static double Of(double value, double soft, double hard) => Math.Clamp((value - soft) / (hard - soft), 0, 1);

    /// <summary>After one more reading.</summary>
    /// <param name="reading">The value read.</param>
    /// <param name="seconds">Since the reading before.</param>
    /// <param name="smoothingSeconds">The time constant of the average; 0: none.</param>
    /// <param name="soft">Where it begins to count.</param>
    /// <param name="hard">Where it counts fully.</param>
    public SignalLevel After(double reading, double seconds, double smoothingSeconds, double soft, double hard)
    {
        double value = double.IsNaN(Value) || smoothingSeconds <= 0
            ? reading
            : Value + ((reading - Value) * (1 - Math.Exp(-seconds / smoothingSeconds)));
        double wanted = Of(value, soft, hard);
        bool moves = Math.Abs(wanted - Level) >= DeadBand || wanted is 0 or 1;
        return new SignalLevel(value, !moves ? Level : Math.Max(wanted, Level - (seconds / RecoverySeconds)));
    }
}
