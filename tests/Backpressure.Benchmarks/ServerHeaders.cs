using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Backpressure.Benchmarks;

/// <summary>
/// A request's or a response's headers as Kestrel keeps them: those it knows in fields, which their properties reach with no
/// look-up, others in a dictionary that is there only when one is.
/// </summary>
internal sealed class ServerHeaders : IHeaderDictionary
{
    private Dictionary<string, StringValues>? _others;
    private StringValues _accept;
    private StringValues _cacheControl;
    private StringValues _contentType;
    private StringValues _retryAfter;

    public ICollection<string> Keys => throw new NotSupportedException();

    public ICollection<StringValues> Values => throw new NotSupportedException();

    public int Count => throw new NotSupportedException();

    public bool IsReadOnly => false;

    public long? ContentLength { get; set; }

    StringValues IHeaderDictionary.Accept { get => _accept; set => _accept = value; }

    StringValues IHeaderDictionary.CacheControl { get => _cacheControl; set => _cacheControl = value; }

    StringValues IHeaderDictionary.ContentType { get => _contentType; set => _contentType = value; }

    StringValues IHeaderDictionary.RetryAfter { get => _retryAfter; set => _retryAfter = value; }

    public StringValues this[string key]
    {
        get => TryGetValue(key, out StringValues value) ? value : StringValues.Empty;
        set
        {
            switch (key)
            {
                case var _ when key == HeaderNames.Accept:
                    _accept = value;
                    break;
                case var _ when key == HeaderNames.CacheControl:
                    _cacheControl = value;
                    break;
                case var _ when key == HeaderNames.ContentType:
                    _contentType = value;
                    break;
                case var _ when key == HeaderNames.RetryAfter:
                    _retryAfter = value;
                    break;
                default:
                    (_others ??= new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase))[key] = value;
                    break;
            }
        }
    }

    public bool TryGetValue(string key, out StringValues value)
    {
        value = key.Length switch
        {
            6 when key == HeaderNames.Accept => _accept,
            11 when key == HeaderNames.RetryAfter => _retryAfter,
            12 when key == HeaderNames.ContentType => _contentType,
            13 when key == HeaderNames.CacheControl => _cacheControl,
            _ => default,
        };
        return value.Count > 0 || (_others is not null && _others.TryGetValue(key, out value));
    }

    public void Clear()
    {
        _others?.Clear();
        ContentLength = null;
        _accept = default;
        _cacheControl = default;
        _contentType = default;
        _retryAfter = default;
    }

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public void Add(string key, StringValues value) => this[key] = value;

    public bool Remove(string key) => throw new NotSupportedException();

    public void Add(KeyValuePair<string, StringValues> item) => this[item.Key] = item.Value;

    public bool Contains(KeyValuePair<string, StringValues> item) => throw new NotSupportedException();

    public void CopyTo(KeyValuePair<string, StringValues>[] array, int arrayIndex) => throw new NotSupportedException();

    public bool Remove(KeyValuePair<string, StringValues> item) => throw new NotSupportedException();

    [SuppressMessage("Design", "CA1024", Justification = "The interface's.")]
    public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator() => throw new NotSupportedException();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
