namespace Backpressure.AspNetCore.Rejection;

/// <summary>What a rejection's body is written as.</summary>
internal enum BodyKind
{
    None = 0,

    /// <summary>RFC 9457 problem details.</summary>
    Problem,

    /// <summary>One line of text.</summary>
    Text,
}
