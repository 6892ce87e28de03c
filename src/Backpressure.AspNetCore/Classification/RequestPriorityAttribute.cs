namespace Backpressure.AspNetCore;

/// <summary>
/// Sets the priority of an endpoint's requests in place of its policy's, and leaves the policy as it is. The last wins.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class RequestPriorityAttribute : Attribute
{
    /// <summary>Gives the endpoint's requests a priority.</summary>
    /// <param name="priority">How much they matter.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="priority"/> is not one of the four.</exception>
    public RequestPriorityAttribute(Priority priority)
    {
        if (!Enum.IsDefined(priority))
        {
            throw new ArgumentOutOfRangeException(
                nameof(priority), priority, $"Not a priority. Use one of {string.Join(", ", Enum.GetNames<Priority>())}.");
        }

        Priority = priority;
    }

    /// <summary>How much the endpoint's requests matter.</summary>
    public Priority Priority { get; }
}
