using Backpressure.Configuration;
using Backpressure.Observability;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Backpressure.AspNetCore.Hosting;

/// <summary>
/// Ties the shedder to the host's life: built at start (so that a wrong configuration stops the start), follows
/// reloads, told of the shutdown.
/// </summary>
internal sealed class BackpressureService : IHostedService, IDisposable
{
    private readonly LoadShedder _shedder;
    private readonly SettingsSource _source;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger _logger;
    private readonly Lock _reloading = new();
    private readonly List<IDisposable> _subscriptions = [];

    public BackpressureService(LoadShedder shedder, SettingsSource source, IHostApplicationLifetime lifetime, ILogger logger)
    {
        _shedder = shedder;
        _source = source;
        _lifetime = lifetime;
        _logger = logger;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (IConfiguration section in _source.Sections)
        {
            _subscriptions.Add(ChangeToken.OnChange(section.GetReloadToken, Reload));
            if (section is IConfigurationSection named && !named.Exists())
            {
                // Every key is optional, so a name mistyped in code would go unnoticed.
                Log.SectionMissing(_logger, named.Path);
            }
        }

        _subscriptions.Add(_lifetime.ApplicationStopping.UnsafeRegister(static shedder => ((LoadShedder)shedder!).BeginShutdown(), _shedder));
        // A change between the reading at start and the subscription has told nobody.
        Reload();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        foreach (IDisposable subscription in _subscriptions)
        {
            subscription.Dispose();
        }

        _subscriptions.Clear();
    }

    /// <summary>Called by whoever changed the configuration, so it throws nothing: that would end its watching for changes.</summary>
    private void Reload()
    {
        lock (_reloading)
        {
            try
            {
                ShedderSettings settings = _source.Read();
                if (settings.Equals(_shedder.Settings))
                {
                    // Watchers tell of one change of a file two or three times, and of changes elsewhere in it.
                    return;
                }

                _shedder.Reconfigure(settings);
                Log.Reloaded(_logger);
            }
            catch (BackpressureOptionsException e)
            {
                // Only where it is wrong: values may be anything, and not all who see the changes may see the log.
                _shedder.Changes.Add(
                    StateChangeKind.ReloadRejected, "", $"A changed configuration is not applied; wrong at {e.Errors[0].Split(' ')[0]}{(e.Errors.Count > 1 ? " and elsewhere" : "")}. See the log.");
                foreach (string error in e.Errors)
                {
                    Log.ReloadRejected(_logger, error);
                }
            }
#pragma warning disable CA1031 // See above.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.ReloadFailed(_logger, e);
            }
        }
    }
}
