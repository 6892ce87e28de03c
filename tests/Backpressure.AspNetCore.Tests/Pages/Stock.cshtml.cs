using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Backpressure.AspNetCore.Tests.Pages;

[Backpressure("Block")]
[RequestPriority(Priority.High)]
public sealed class StockModel : PageModel
{
    public string Seen { get; private set; } = "";

    public void OnGet()
    {
        IBackpressureFeature feature = HttpContext.Features.Get<IBackpressureFeature>()!;
        Seen = $"{feature.Policy} {feature.Priority} {feature.Decision}";
    }
}
