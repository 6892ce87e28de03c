using System.Collections;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;

namespace Backpressure.Benchmarks;

/// <summary>
/// A server's features as Kestrel keeps them: those it knows in fields, others in a short list, all of it reset for the next
/// request, which the revision tells those who have kept one.
/// </summary>
internal sealed class ServerFeatures(SyntheticServer server) : IFeatureCollection
{
    private readonly List<KeyValuePair<Type, object>> _others = new(2);
    private object? _request;
    private object? _response;
    private object? _responseBody;
    private object? _lifetime;
    private object? _endpoint;

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get => key == typeof(IHttpRequestFeature) ? _request
            : key == typeof(IHttpResponseFeature) ? _response
            : key == typeof(IHttpResponseBodyFeature) ? _responseBody
            : key == typeof(IEndpointFeature) ? _endpoint
            : key == typeof(IHttpRequestLifetimeFeature) ? _lifetime
            : Other(key);
        set
        {
            Revision++;
            if (key == typeof(IHttpRequestFeature))
            {
                _request = value;
            }
            else if (key == typeof(IHttpResponseFeature))
            {
                _response = value;
            }
            else if (key == typeof(IHttpResponseBodyFeature))
            {
                _responseBody = value;
            }
            else if (key == typeof(IEndpointFeature))
            {
                _endpoint = value;
            }
            else if (key == typeof(IHttpRequestLifetimeFeature))
            {
                _lifetime = value;
            }
            else
            {
                SetOther(key, value);
            }
        }
    }

    public void Reset()
    {
        _request = server;
        _response = server;
        _responseBody = server.ResponseBody;
        _endpoint = server;
        _lifetime = server;
        _others.Clear();
        Revision++;
    }

    public TFeature? Get<TFeature>()
    {
        // As Kestrel has it: what is kept under a type is of that type, and is not asked.
        object? feature = this[typeof(TFeature)];
        return Unsafe.As<object?, TFeature?>(ref feature);
    }

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _others.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private object? Other(Type key)
    {
        foreach (KeyValuePair<Type, object> other in _others)
        {
            if (other.Key == key)
            {
                return other.Value;
            }
        }

        return null;
    }

    private void SetOther(Type key, object? value)
    {
        for (int i = 0; i < _others.Count; i++)
        {
            if (_others[i].Key == key)
            {
                if (value is null)
                {
                    _others.RemoveAt(i);
                }
                else
                {
                    _others[i] = new KeyValuePair<Type, object>(key, value);
                }

                return;
            }
        }

        if (value is not null)
        {
            _others.Add(new KeyValuePair<Type, object>(key, value));
        }
    }
}
