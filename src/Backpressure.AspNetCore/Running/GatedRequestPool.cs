using Microsoft.Extensions.ObjectPool;

namespace Backpressure.AspNetCore.Running;

/// <summary>
/// The requests of one pipeline that are between two uses. A thread that ends one is likely to begin the next, so each keeps
/// the last it was given, which takes no interlocked operation; the others are kept by all together.
/// </summary>
internal sealed class GatedRequestPool : ObjectPool<GatedRequest>
{
    /// <summary>How many idle ones are kept: as many as are in flight at an uncommonly busy gate; some 200 bytes each.</summary>
    private const int Retained = 2048;

    [ThreadStatic]
    private static GatedRequest? _ofThread;

    private readonly DefaultObjectPool<GatedRequest> _ofAll;

    private GatedRequestPool(OutcomeSource outcomes, PlacementCheck placement) =>
        _ofAll = new DefaultObjectPool<GatedRequest>(new Policy(this, outcomes, placement), Retained);

    public static GatedRequestPool Create(OutcomeSource outcomes, PlacementCheck placement) => new GatedRequestPool(outcomes, placement);

    public override GatedRequest Get()
    {
        if (_ofThread is { } idle && ReferenceEquals(idle.Pool, this))
        {
            _ofThread = null;
            return idle;
        }

        return _ofAll.Get();
    }

    public override void Return(GatedRequest obj)
    {
        // One of another pipeline must not take the place for good, nor keep that pipeline alive.
        if (_ofThread is not { } idle || !ReferenceEquals(idle.Pool, this))
        {
            _ofThread = obj;
        }
        else
        {
            _ofAll.Return(obj);
        }
    }

    private sealed class Policy(GatedRequestPool pool, OutcomeSource outcomes, PlacementCheck placement) : IPooledObjectPolicy<GatedRequest>
    {
        public GatedRequest Create() => new(outcomes, placement, pool);

        public bool Return(GatedRequest obj) => true;
    }
}
