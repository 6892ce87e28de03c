using Microsoft.AspNetCore.Mvc;

namespace Backpressure.AspNetCore.Tests.Classification;

[ApiController]
[Route("orders")]
[Backpressure("Block")]
[RequestPriority(Priority.High)]
public sealed class OrdersController : ControllerBase
{
    [HttpGet]
    public string List() => Seen();

    [HttpPost]
    [Backpressure("Reject")]
    [RequestPriority(Priority.Critical)]
    public string Place() => Seen();

    [HttpGet("status")]
    [DisableBackpressure]
    public string Status() => Seen();

    private string Seen()
    {
        IBackpressureFeature feature = HttpContext.Features.Get<IBackpressureFeature>()!;
        return $"{feature.Policy} {feature.Priority} {feature.Decision}";
    }
}
