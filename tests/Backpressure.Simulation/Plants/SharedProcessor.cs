using Backpressure.Simulation.Running;

namespace Backpressure.Simulation.Plants;

/// <summary>
/// Servers shared by all that run (processor sharing): everybody gets the same speed, so what has been served to each
/// since time zero is one number for all, and a job ends when that number reaches what it was at its start plus its
/// work. The jobs stand in a heap by that end.
/// </summary>
internal sealed class SharedProcessor
{
    private readonly double _contention;
    private double[] _ends = new double[64];
    private Request[] _jobs = new Request[64];
    private double _servers;
    private double _served;
    private double _speed = 1;
    private double _now;
    private int _busy;

    public SharedProcessor(double servers, double contention)
    {
        _servers = servers;
        _contention = contention;
    }

    public int Count { get; private set; }

    /// <summary>When the next job ends if nothing else happens.</summary>
    public double NextEnd { get; private set; } = double.PositiveInfinity;

    public void AdvanceTo(double time)
    {
        if (Count > 0)
        {
            _served += (time - _now) * _speed;
        }

        _now = time;
    }

    public void SetServers(double servers)
    {
        _servers = servers;
        Changed();
    }

    public void Add(Request job, double work)
    {
        if (Count == _ends.Length)
        {
            Array.Resize(ref _ends, 2 * Count);
            Array.Resize(ref _jobs, 2 * Count);
        }

        double end = _served + work;
        int at = Count++;
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (_ends[parent] <= end)
            {
                break;
            }

            _ends[at] = _ends[parent];
            _jobs[at] = _jobs[parent];
            at = parent;
        }

        _ends[at] = end;
        _jobs[at] = job;
        _busy += job.Servers;
        Changed();
    }

    /// <summary>Takes out the job that has ended.</summary>
    public Request TakeEnded()
    {
        Request ended = _jobs[0];
        _busy -= ended.Servers;
        _served = Math.Max(_served, _ends[0]);
        int last = --Count;
        double end = _ends[last];
        Request job = _jobs[last];
        _jobs[last] = null!;
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= last)
            {
                break;
            }

            if (child + 1 < last && _ends[child + 1] < _ends[child])
            {
                child++;
            }

            if (_ends[child] >= end)
            {
                break;
            }

            _ends[at] = _ends[child];
            _jobs[at] = _jobs[child];
            at = child;
        }

        if (last > 0)
        {
            _ends[at] = end;
            _jobs[at] = job;
        }

        Changed();
        return ended;
    }

    private void Changed()
    {
        if (Count == 0)
        {
            NextEnd = double.PositiveInfinity;
            return;
        }

        _speed = PlantSpec.WorkRate(_busy, _servers, _contention) / _busy;
        NextEnd = _speed > 0 ? _now + (Math.Max(0, _ends[0] - _served) / _speed) : double.PositiveInfinity;
    }
}
