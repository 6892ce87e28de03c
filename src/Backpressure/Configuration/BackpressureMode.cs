namespace Backpressure;

/// <summary>How far decisions are carried out.</summary>
public enum BackpressureMode
{
    /// <summary>Decisions are carried out. The default.</summary>
    Enforce = 0,

    /// <summary>A shadow gate decides and counts what it would have refused; nothing is held back.</summary>
    Observe = 1,

    /// <summary>Everything passes at once and nothing is decided: the kill switch. Those that wait are let through too.</summary>
    Off = 2,
}
