using Microsoft.Extensions.ObjectPool;

namespace Backpressure.AspNetCore.Running;

/// <summary>Makes the requests of one pool, each knowing its way back.</summary>
internal sealed class GatedRequestPolicy(OutcomeSource outcomes, PlacementCheck placement) : IPooledObjectPolicy<GatedRequest>
{
    /// <summary>How many idle ones are kept: as many as are in flight at an uncommonly busy gate; some 200 bytes each.</summary>
    private const int Retained = 2048;

    private ObjectPool<GatedRequest>? _pool;

    public static ObjectPool<GatedRequest> CreatePool(OutcomeSource outcomes, PlacementCheck placement)
    {
        var policy = new GatedRequestPolicy(outcomes, placement);
        return policy._pool = new DefaultObjectPool<GatedRequest>(policy, Retained);
    }

    public GatedRequest Create() => new(outcomes, placement, _pool!);

    public bool Return(GatedRequest obj) => true;
}
