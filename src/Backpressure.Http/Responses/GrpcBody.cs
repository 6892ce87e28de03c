using System.Net;
using System.Net.Http.Headers;
using Backpressure.Http.Sending;

namespace Backpressure.Http.Responses;

/// <summary>
/// The body of a gRPC answer whose status stands behind it: what is read comes from the answer's own body, and once that has ended the
/// call hears what its trailers say. A body that is not read to its end says nothing.
/// </summary>
internal sealed class GrpcBody : HttpContent
{
    private readonly HttpContent _body;
    private readonly HttpResponseMessage _response;
    private readonly OutboundCall _call;
    private bool _told;

    private GrpcBody(HttpResponseMessage response, in OutboundCall call)
    {
        _body = response.Content;
        _response = response;
        _call = call;
        foreach ((string name, HeaderStringValues values) in _body.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    /// <summary>Puts itself before the answer's body.</summary>
    /// <param name="response">An answer that has no status in its headers.</param>
    /// <param name="call">Its call, which has ended but for what the trailers say.</param>
    public static void PutBefore(HttpResponseMessage response, in OutboundCall call) => response.Content = new GrpcBody(response, in call);

    /// <summary>Nothing more is to be read, so the trailers are there.</summary>
    internal void Ended()
    {
        if (!Interlocked.Exchange(ref _told, true))
        {
            _call.Trailed(_response);
        }
    }

    protected override async Task<Stream> CreateContentReadStreamAsync() =>
        new GrpcBodyStream(await _body.ReadAsStreamAsync().ConfigureAwait(false), this);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new GrpcBodyStream(await _body.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), this);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => new GrpcBodyStream(_body.ReadAsStream(cancellationToken), this);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await _body.CopyToAsync(stream, context, cancellationToken).ConfigureAwait(false);
        Ended();
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _body.CopyTo(stream, context, cancellationToken);
        Ended();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Headers.ContentLength ?? 0;
        return _body.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _body.Dispose();
        }

        base.Dispose(disposing);
    }
}
