namespace Backpressure.Configuration;

/// <summary>Finds what somebody meant who mistyped a name, so that an error can say it.</summary>
internal static class NearestName
{
    /// <summary>The way out of an unknown name: the nearest known one as a question, or nothing.</summary>
    /// <param name="name">As it was written.</param>
    /// <param name="known">What it could be.</param>
    /// <returns>"Did you mean …?" or null when nothing is near.</returns>
    public static string? Question(string name, IEnumerable<string> known) =>
        Find(name, known) is { } nearest ? $"Did you mean {nearest}?" : null;

    /// <summary>The nearest of the known names, without case; null when all are further than a third of its length.</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        string? nearest = null;
        var shortest = Math.Max(2, name.Length / 3) + 1;
        foreach (var candidate in known.Order(StringComparer.OrdinalIgnoreCase))
        {
            // A name of two letters is within two edits of every other: what is replaced as a whole is not near.
            var distance = Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (distance < shortest && distance < Math.Max(name.Length, candidate.Length))
            {
                shortest = distance;
                nearest = candidate;
            }
        }

        return nearest;
    }

    /// <summary>Edits from one to the other: letters put in, left out, replaced, or swapped with their neighbour.</summary>
    private static int Distance(string from, string to)
    {
        var beforeLast = new int[to.Length + 1];
        var last = new int[to.Length + 1];
        var current = new int[to.Length + 1];
        for (var j = 0; j <= to.Length; j++)
        {
            last[j] = j;
        }

        for (var i = 1; i <= from.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                current[j] = Math.Min(replaced, Math.Min(last[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    current[j] = Math.Min(current[j], beforeLast[j - 2] + 1);
                }
            }

            (beforeLast, last, current) = (last, current, beforeLast);
        }

        return last[to.Length];
    }
}
