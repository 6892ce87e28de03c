using Backpressure.Http.Destinations;
using Backpressure.Http.Sending;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Backpressure.Http.Configuration;

/// <summary>Reads one client's options, and reads them anew when a section changes; what is wrong then is logged and changes nothing.</summary>
internal sealed class ClientReloads(string client, IOptionsFactory<BackpressureClientOptions> factory, IEnumerable<ClientSection> sections) : IDisposable
{
    private readonly List<IDisposable> _subscriptions = [];

    /// <summary>Reads everything.</summary>
    /// <exception cref="BackpressureOptionsException">With every error there is.</exception>
    public BackpressureClientOptions Read() => factory.Create(client);

    public void Follow(OutboundClient outbound)
    {
        foreach (ClientSection section in sections.Where(section => section.Client == client))
        {
            _subscriptions.Add(ChangeToken.OnChange(section.Section.GetReloadToken, () => Reload(outbound)));
        }
    }

    public void Dispose() => _subscriptions.ForEach(static subscription => subscription.Dispose());

    // Called by whoever changed the configuration: it throws nothing, which would end the watching for changes.
    private void Reload(OutboundClient outbound)
    {
        try
        {
            outbound.Reconfigure(ClientSettings.Of(client, Read()));
        }
        catch (BackpressureOptionsException e)
        {
            foreach (string error in e.Errors)
            {
                Log.ReloadRejected(outbound.Logger, client, error);
            }
        }
#pragma warning disable CA1031 // See above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.ReloadRejected(outbound.Logger, client, e.Message);
        }
    }
}
