using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Backpressure.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Backpressure.AspNetCore.Classification;

/// <summary>The first stage: from a request to what asks for admission.</summary>
internal sealed class Classifier
{
    /// <summary>The route of requests that no endpoint and no configured route is for.</summary>
    internal const string UnmatchedRoute = "unmatched";

    private readonly LoadShedder _shedder;
    private readonly ParameterPolicyFactory? _constraints;
    private readonly RequestClassifier? _classify;
    private readonly ILogger _logger;
    private readonly RequestClass _unmatched;
    private readonly ConditionalWeakTable<Endpoint, EndpointClasses> _endpoints = [];
    private readonly ConditionalWeakTable<Endpoint, EndpointClasses>.CreateValueCallback _createEndpoint;
    private readonly ConditionalWeakTable<RouteSettings, RequestClass> _routes = [];
    private readonly ConditionalWeakTable<RouteSettings, RequestClass>.CreateValueCallback _createRoute;
    private readonly Lock _rebuilding = new();
    private RouteTable _table;

    public Classifier(LoadShedder shedder, ParameterPolicyFactory? constraints, IOptions<BackpressureHttpOptions> options, ILogger logger)
    {
        _shedder = shedder;
        _constraints = constraints;
        _classify = options.Value.Classify;
        _logger = logger;
        shedder.PartitionReader = static (context, partition) => PartitionKeys.HashOf((HttpContext)context, partition);
        _unmatched = shedder.ClassOf(UnmatchedRoute);
        _createEndpoint = endpoint => new EndpointClasses(endpoint, shedder);
        _createRoute = route => shedder.ClassOf(route.Name, route.Policy);
        _table = RouteTable.Create(shedder.Settings, constraints, logger);
    }

    /// <summary>What is known of an endpoint's requests before any of them comes.</summary>
    public EndpointClasses ClassesOf(Endpoint endpoint) => _endpoints.GetValue(endpoint, _createEndpoint);

    /// <summary>Finds the class of a request of which there is nothing else to say: no header and no code ranks it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="feature">The server's view of it, which costs less than the context's.</param>
    /// <param name="endpoint">What routing has found.</param>
    /// <param name="requestClass">Its class.</param>
    /// <returns>Whether that is all; if not, <see cref="Classify"/> must be asked.</returns>
    public bool TryClassifyPlain(
        HttpContext context, IHttpRequestFeature feature, Endpoint? endpoint, [NotNullWhen(true)] out RequestClass? requestClass)
    {
        RouteTable table = CurrentTable();
        if (_classify is not null || table.ReadsPriority || Deadlines.Read(feature.Headers, table.Settings.Deadline) is not null)
        {
            requestClass = null;
            return false;
        }

        requestClass = ClassOf(context, feature.Method, endpoint, table);
        return true;
    }

    /// <summary>What asks for admission, and the policy that it was worked out by.</summary>
    public AdmissionRequest Classify(HttpContext context, Endpoint? endpoint, out PolicySettings policy)
    {
        RouteTable table = CurrentTable();
        RequestClass requestClass = ClassOf(context, context.Request.Method, endpoint, table);
        policy = _shedder.PolicyOf(requestClass);
        if (requestClass.Exempt || policy.Exempt || policy.Mode == BackpressureMode.Off)
        {
            return new AdmissionRequest(requestClass);
        }

        ShedderSettings settings = table.Settings;
        var traits = new RequestTraits
        {
            Priority = PriorityHeaders.Read(context, settings.PriorityHeader, requestClass.Priority ?? policy.Priority),
            TimeLeft = Deadlines.Read(context.Request.Headers, settings.Deadline),
        };
        if (_classify is not null)
        {
            traits = ClassifyInCode(context, traits);
        }

        string? partition = traits.Partition is null ? null : PartitionKeys.OfCode(traits.Partition);
        return new AdmissionRequest(requestClass)
        {
            Priority = traits.Priority,
            Cost = traits.Cost,
            TimeLeft = traits.TimeLeft,
            Nested = PriorityHeaders.IsNested(context, settings.PriorityHeader),
            Partition = partition is null && policy.RateLimit is { } limit ? PartitionKeys.Of(context, limit.PartitionBy) : partition,
            PartitionSource = partition is null ? context : null,
        };
    }

    private RequestClass ClassOf(HttpContext context, string method, Endpoint? endpoint, RouteTable table)
    {
        if (endpoint is null)
        {
            return table.Find(context) is { } route ? _routes.GetValue(route, _createRoute) : _unmatched;
        }

        EndpointClasses classes = ClassesOf(endpoint);
        return classes.For(method, classes.AsksConfiguration ? RouteFor(context, classes, table)?.Policy : null);
    }

    private static RouteSettings? RouteFor(HttpContext context, EndpointClasses classes, RouteTable table)
        => classes.Choice.IsHealthCheck ? table.FindForProbe(context) : table.Find(context);

    private RequestTraits ClassifyInCode(HttpContext context, RequestTraits found)
    {
        RequestTraits traits = found;
        try
        {
            _classify!(context, ref traits);
        }
#pragma warning disable CA1031 // Code that ranks requests must not be able to fail them.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.CallbackFailed(_logger, e, nameof(BackpressureHttpOptions.Classify));
            return found;
        }

        // A number cast to the enum would be an index out of the gate's range.
        return traits.Priority is { } priority && !Enum.IsDefined(priority) ? traits with { Priority = found.Priority } : traits;
    }

    /// <summary>The routes of the configuration in force, whoever put it in force.</summary>
    private RouteTable CurrentTable()
    {
        RouteTable table = Volatile.Read(ref _table);
        return ReferenceEquals(table.Settings, _shedder.Settings) ? table : Rebuild();
    }

    private RouteTable Rebuild()
    {
        lock (_rebuilding)
        {
            ShedderSettings settings = _shedder.Settings;
            if (ReferenceEquals(_table.Settings, settings))
            {
                return _table;
            }

            RouteTable table = RouteTable.Create(settings, _constraints, _logger);
            Volatile.Write(ref _table, table);
            return table;
        }
    }
}
