namespace Backpressure.Http;

/// <summary>
/// How calls of one <see cref="HttpClient"/> are held back, for each of its destinations (scheme, host and port) apart. Every
/// property has a default that enforces safely.
/// </summary>
/// <remarks>
/// What is out of its range or contradicts itself stops the host's start, or the first call where there is no host, with a
/// <see cref="BackpressureOptionsException"/> that lists every error.
/// </remarks>
public sealed class BackpressureClientOptions
{
    /// <summary>How far decisions are carried out. Default <see cref="BackpressureMode.Enforce"/>.</summary>
    public BackpressureMode Mode { get; set; }

    /// <summary>
    /// The priority of calls that neither say one (<see cref="HttpRequestMessageExtensions.WithPriority"/>) nor are made for a request
    /// that is being served. Default <see cref="Priority.Normal"/>.
    /// </summary>
    public Priority Priority { get; set; } = Priority.Normal;

    /// <summary>How many calls may be in flight to a destination, and what moves that number. Default: adaptive.</summary>
    public LimitOptions Limit { get; set; } = new();

    /// <summary>
    /// Who may wait when that limit is reached. Calls never <see cref="Overflow.Block"/>, so <see cref="QueueOptions.BlockCapacity"/>
    /// has no effect.
    /// </summary>
    public QueueOptions Queue { get; set; } = new();

    /// <summary>
    /// The longest a call waits for its turn: above zero, at most 10 minutes; default 500 ms. What is left of the deadline bounds it too.
    /// </summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// K of the client throttle: of one priority, as many calls go out as were accepted lately, times this. From 1.1 to 100;
    /// default 2: a destination that refuses more than half is sent no more than twice what it takes.
    /// Source: Site Reliability Engineering, chapter 21, "Client-Side Throttling".
    /// </summary>
    public double ThrottleRatio { get; set; } = 2;

    /// <summary>
    /// What "lately" is to the throttle: 1 s to 10 minutes, default 10 s. The source's two minutes need a minute of nothing but refusals
    /// before they throttle, and more than three to forget them.
    /// </summary>
    public TimeSpan ThrottleWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The longest that a <c>Retry-After</c> is obeyed: zero (not at all) to 10 minutes, default 30 s. Until then calls of that priority
    /// and below are refused here, unless one of that priority is served before.
    /// </summary>
    public TimeSpan MaxRetryAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether calls keep within what their destination grants by <c>Backpressure-Credit</c>, where it does, and wait when that is used
    /// up: by priority, for at most <see cref="MaxWait"/> and the deadline. Default <see langword="true"/>.
    /// </summary>
    public bool Credits { get; set; } = true;

    /// <summary>
    /// Whether calls tell the next service their priority, what is left of the deadline and which gates they have passed.
    /// Switch it off for destinations that are not your own. Default <see langword="true"/>.
    /// </summary>
    public bool Propagate { get; set; } = true;

    /// <summary>Destinations with a gate of their own: 1 to 1000, default 100. All others share one.</summary>
    public int MaxDestinations { get; set; } = 100;

    /// <summary>A destination that was not called for this long is forgotten: 1 s to 10 minutes, default 5 minutes.</summary>
    public TimeSpan ForgetAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Says which calls of a destination are alike, since latencies are compared only among those: a template, never a raw path.
    /// What it throws counts as <see langword="null"/>. Default <see langword="null"/>: the path of gRPC calls, the method of others.
    /// </summary>
    public Func<HttpRequestMessage, string?>? RouteOf { get; set; }

    /// <summary>What could not be read of a section.</summary>
    internal Backpressure.Configuration.OptionsErrors? Errors { get; set; }
}
