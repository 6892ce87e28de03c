using System.Globalization;

namespace Backpressure.Http.Destinations;

/// <summary>Where a call goes: scheme, host and port, compared as URIs compare them (they are in lower case already).</summary>
internal readonly record struct Origin(string Scheme, string Host, int Port)
{
    public static Origin Of(Uri uri) => new(uri.Scheme, uri.IdnHost, uri.Port);

    public bool Is(Uri uri) => Port == uri.Port && Host == uri.IdnHost && Scheme == uri.Scheme;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}://{Host}:{Port}");
}
