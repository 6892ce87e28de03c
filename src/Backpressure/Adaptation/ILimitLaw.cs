using Backpressure.Configuration;
using Backpressure.Measurement;

namespace Backpressure.Adaptation;

/// <summary>
/// Moves a limit, one closed window at a time. An implementation is a pure static step in a shell that keeps its state.
/// </summary>
internal interface ILimitLaw
{
    LimitDecision Current { get; }

    /// <summary>
    /// Whether it is to be shown nothing of the time in which a change of limit comes into force. False for laws that gather
    /// over many windows and must miss nothing.
    /// </summary>
    bool Settles => true;

    LimitDecision Step(in WindowSummary window);

    /// <summary>Takes new bounds, keeping what was learnt.</summary>
    LimitDecision Reconfigure(LimitSettings settings);
}
