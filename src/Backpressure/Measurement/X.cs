namespace Backpressure.Measurement;

internal static class X
{
    public static double Get(string name, double value)
        => Environment.GetEnvironmentVariable("X_" + name) is { Length: > 0 } s
            ? double.Parse(s, System.Globalization.CultureInfo.InvariantCulture) : value;
}
