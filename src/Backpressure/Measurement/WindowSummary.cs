namespace Backpressure.Measurement;

/// <summary>What one window of measurement saw, closed when it holds enough to judge. Times in seconds.</summary>
internal readonly record struct WindowSummary
{
    public WindowSummary()
    {
    }

    /// <summary>When it closed, in timestamp ticks.</summary>
    public required long ClosedAt { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Completions whose latency is a sample, or would have been had it been measured.</summary>
    public required int Completions { get; init; }

    /// <summary>Those that were not dropped and are no sample all the same.</summary>
    public int Unsampled { get; init; }

    /// <summary>All that were not dropped.</summary>
    public int Served => Completions + Unsampled;

    /// <summary>
    /// Units × time in flight of all that were not dropped ÷ the latencies of those that are samples: 1 where every request is
    /// one, of one unit. As many times more as all units are more than those that are not <see cref="LongHeld"/>.
    /// </summary>
    public double HeldPerLatency { get; init; } = 1;

    /// <summary>Requests that the downstream timed out or refused.</summary>
    public required int Dropped { get; init; }

    /// <summary>How many of the dropped have a latency.</summary>
    public required int DroppedSamples { get; init; }

    /// <summary>Their latencies: no measure of the downstream's speed, but of how long it kept a slot.</summary>
    public required double DroppedLatencySum { get; init; }

    /// <summary>n: units in flight, as departures saw them; <see cref="LongHeld"/> included.</summary>
    public required double MeanInFlight { get; init; }

    /// <summary>The most of them.</summary>
    public required int PeakInFlight { get; init; }

    /// <summary>
    /// Units of those in flight that stayed taken while all others came and went: <see cref="HeldPerLatency"/> takes them to be stretched as
    /// the others are.
    /// </summary>
    public double LongHeld { get; init; }

    /// <summary>Units that are known to be so, be they all there are.</summary>
    public double LongHeldNoted { get; init; }

    /// <summary>The units in flight that come and go.</summary>
    public double Rest => MeanInFlight - LongHeld;

    /// <summary>B: what the latencies of the samples would have been unstretched: work done, in server-seconds.</summary>
    public required double Work { get; init; }

    /// <summary>The relative standard error of <see cref="LatencyStretch"/>; what differs between routes is none.</summary>
    public required double Noise { get; init; }

    /// <summary>
    /// What <see cref="Stretch"/> has of it besides: the requests in flight at the window's edges count in n and not in B, or
    /// the other way round.
    /// </summary>
    public double EdgeNoise { get; init; }

    /// <summary>The relative standard error of <see cref="Stretch"/> and of the work rate.</summary>
    public double StretchNoise => Math.Sqrt((Noise * Noise) + (EdgeNoise * EdgeNoise));

    /// <summary>That of the geometric mean of both stretches: of the edges' it has half.</summary>
    public double MeanNoise => Math.Sqrt((Noise * Noise) + (EdgeNoise * EdgeNoise / 4));

    public required double LatencySum { get; init; }

    public required double LatencySquaredSum { get; init; }

    /// <summary>Requests that arrived, refused ones included.</summary>
    public required long Arrivals { get; init; }

    /// <summary>Arrivals that met a full gate.</summary>
    public required long FullArrivals { get; init; }

    /// <summary>Those of them that asked the gate, by priority.</summary>
    public PriorityCounts FullByPriority { get; init; }

    /// <summary>Requests refused or evicted by the gate (in a shadow gate: would have been).</summary>
    public required long Refused { get; init; }

    /// <summary>The limit in force while it was open.</summary>
    public required int Limit { get; init; }

    /// <summary>Whether a waiting request can absorb a dip of the limit: no dips where the gate only rejects.</summary>
    public required bool CanQueue { get; init; }

    /// <summary>Whether decisions were only observed, not carried out.</summary>
    public required bool Shadow { get; init; }

    /// <summary>
    /// Y: work finished per second, in units of the limit: the servers that the samples kept busy, and as many more as all
    /// others held meanwhile, which are taken to be stretched alike.
    /// </summary>
    public double WorkRate => Seconds > 0 ? Work * HeldPerLatency / Seconds : 0;

    /// <summary>The part of it that is done for those that come and go.</summary>
    public double RestWorkRate => LongHeld > 0 && MeanInFlight > 0 ? WorkRate * Math.Clamp(Rest / MeanInFlight, 0, 1) : WorkRate;

    /// <summary>
    /// S = n / Y: how many times longer work takes than unqueued, by Little's law. Immediate, and free of survivor
    /// bias: what has not come back yet counts too.
    /// </summary>
    public double Stretch => MeanInFlight / Math.Max(WorkRate, 1e-9);

    /// <summary>SL: the same from latencies alone. Calmer, but late after a change.</summary>
    public double LatencyStretch => LatencySum / Math.Max(Work, 1e-12);

    /// <summary>
    /// Seconds that a request holds a unit: by Little's law, but those that were dropped may have been so at once.
    /// </summary>
    public double Hold => (Dropped > 0 ? LatencySum * HeldPerLatency : MeanInFlight * Seconds) / Math.Max(1, Served);

    /// <summary>How many of those in flight there were that were served in the end.</summary>
    public double ServedInFlight
    {
        get
        {
            double held = LatencySum * HeldPerLatency;
            return MeanInFlight * held / Math.Max(held + DroppedLatencySum, 1e-12);
        }
    }

    /// <summary>The relative standard error of what this window measured.</summary>
    public double RelativeError => LatencySum > 0 ? Math.Sqrt(LatencySquaredSum) / LatencySum : 1;

    /// <summary>Over half of the arrivals met a full gate.</summary>
    public bool Bound => FullArrivals * 2 > Arrivals;
}
