namespace Backpressure;

/// <summary>
/// The configuration is wrong. Thrown at start, before anything is served, with every error found and not only the
/// first. A wrong reload throws nothing: it is logged and the last good configuration stays.
/// </summary>
public sealed class BackpressureOptionsException : Exception
{
    /// <summary>An exception that knows of no error in particular.</summary>
    public BackpressureOptionsException()
        : this([])
    {
    }

    /// <summary>One error.</summary>
    /// <param name="message">The error: the key's path, its value, the bound and the way out.</param>
    public BackpressureOptionsException(string message)
        : this([message])
    {
    }

    /// <summary>One error that another exception caused.</summary>
    /// <param name="message">The error: the key's path, its value, the bound and the way out.</param>
    /// <param name="innerException">What caused it.</param>
    public BackpressureOptionsException(string message, Exception innerException)
        : base(Describe([message]), innerException) => Errors = [message];

    /// <summary>All errors of one configuration.</summary>
    /// <param name="errors">One text an error: the key's path, its value, the bound and the way out.</param>
    /// <exception cref="ArgumentNullException"><paramref name="errors"/> is null.</exception>
    public BackpressureOptionsException(IReadOnlyList<string> errors)
        : base(Describe(errors)) => Errors = [.. errors];

    /// <summary>All errors: first what could not be read, then what is out of range or contradicts; each names the key's path, its value, the bound and the way out.</summary>
    public IReadOnlyList<string> Errors { get; }

    private static string Describe(IReadOnlyList<string> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        return errors.Count switch
        {
            0 => "The configuration of Backpressure is wrong.",
            1 => "The configuration of Backpressure has an error:" + Environment.NewLine + "- " + errors[0],
            _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The configuration of Backpressure has {errors.Count} errors:")
                + string.Concat(errors.Select(error => Environment.NewLine + "- " + error)),
        };
    }
}
