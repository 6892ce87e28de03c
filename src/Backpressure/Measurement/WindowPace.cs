namespace Backpressure.Measurement;

/// <summary>How much the next window has to hold before it is judged.</summary>
internal enum WindowPace
{
    /// <summary>25 effective samples.</summary>
    Usual,

    /// <summary>Twelve samples: a limit that doubles need not be exact.</summary>
    Hasty,

    /// <summary>Until its noise is a tenth: a verdict hangs on it.</summary>
    Careful,

    /// <summary>As usual, dropped requests counted too: that there are some is no news any more, but how many.</summary>
    Heard,
}
