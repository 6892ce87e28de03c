using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore;

/// <summary>Says what is particular to one request.</summary>
/// <param name="context">The request. Its body must not be read: reading it would end the sender's being held.</param>
/// <param name="traits">What was found in its headers; what is changed here counts.</param>
public delegate void RequestClassifier(HttpContext context, ref RequestTraits traits);
