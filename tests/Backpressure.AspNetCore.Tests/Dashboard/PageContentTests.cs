using System.Text;
using Backpressure.Adaptation;
using Backpressure.AspNetCore.Dashboard;
using Backpressure.Observability;

namespace Backpressure.AspNetCore.Tests.Dashboard;

public sealed class PageContentTests
{
    private static readonly string Page = Encoding.UTF8.GetString(PageContent.Instance.Html.Span);

    public static TheoryData<string> Told => [.. Enum.GetNames<LimitReason>(), .. Enum.GetNames<StateChangeKind>()];

    [Theory]
    [MemberData(nameof(Told))]
    public void EveryReasonAndChange_HasWordsOnThePage(string name) => Assert.Contains($"{name}: \"", Page, StringComparison.Ordinal);
}
