using System.Diagnostics.CodeAnalysis;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Xunit;
using static Backpressure.Tests.ShedderRig;

namespace Backpressure.Tests;

/// <summary>Two threads ask, leave and end while the mode changes under them: enforced, observed in part or whole, off.</summary>
[SuppressMessage("Reliability", "CA2012:Use ValueTasks correctly", Justification = "Each is asked for its answer once, after it has completed.")]
public sealed class LoadShedderModeRaceTests
{
    private const int Operations = 300_000;
    private const int OperationsPerReload = 500;

    // The system's clock has a short way of its own.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReloadsOfTheMode_UnderRacingRequests_LeaveNobodyBehind(bool systemClock)
    {
        ManualTimeProvider? time = systemClock ? null : new ManualTimeProvider();
        ShedderSettings[] settings = [.. Enumerable.Range(0, 4).Select(i => SettingsFactory.Build(Options(i)))];
        using var shedder = new LoadShedder(settings[0], time, null, null);
        RequestClass[] classes = [shedder.ClassOf("a"), shedder.ClassOf("b", "Watched"), shedder.ClassOf("c", "Blocking")];
        Actor[] actors = [new Actor(shedder, classes, settings, time, 1), new Actor(shedder, classes, settings, time, 2)];
        Thread[] threads = [.. actors.Select(actor => new Thread(actor.Run) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => Assert.True(thread.Join(TimeSpan.FromMinutes(5)), "An actor hangs."));
        Assert.All(actors, actor => Assert.Null(actor.Fault));

        // Whoever still waits is let through by the kill switch; then everybody ends.
        shedder.Reconfigure(settings[3]);
        Array.ForEach(actors, actor => actor.Settle());

        Assert.All(actors, actor => Assert.Equal((0, 0), actor.Left));
        Downstream downstream = DownstreamOf(classes[0]);
        Assert.Equal((0, 0, 0, 0), (downstream.Gate.InFlight, downstream.Gate.Waiting, downstream.Observed, downstream.FailedOpen));
        Assert.Null(downstream.Shadow);
        Assert.All(actors, actor => Assert.True(actor.Decisions.Values.Min() > 100 && actor.Decisions.Count >= 4, string.Join(", ", actor.Decisions)));

        // The same without a ceiling or an observer, which is all that the short way takes.
        shedder.Reconfigure(SettingsFactory.Build(Fixed(3, Overflow.Reject)));
        Actor[] plain = [new Actor(shedder, [classes[0]], [shedder.Settings], time, 3), new Actor(shedder, [classes[0]], [shedder.Settings], time, 4)];
        threads = [.. plain.Select(actor => new Thread(actor.Run) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => Assert.True(thread.Join(TimeSpan.FromMinutes(5)), "An actor hangs."));
        Array.ForEach(plain, actor => actor.Settle());
        Assert.All(plain, actor => Assert.Equal(((0, 0), null), (actor.Left, actor.Fault)));
        Assert.Equal(0, downstream.Gate.InFlight);
        Assert.True(plain.Sum(actor => actor.Decisions.GetValueOrDefault(AdmissionDecision.Rejected)) > 100, "Nobody met it full.");

        // The ceiling has all its places again: it would refuse the ninth.
        shedder.Reconfigure(SettingsFactory.Build(Fixed(100, change: o => o.MaxConcurrentRequests = 8)));
        AdmissionLease[] eight = [.. Enumerable.Range(0, 8).Select(_ => Ask(shedder, new AdmissionRequest(classes[0])))];
        Assert.All(eight, lease => Assert.Equal(AdmissionDecision.Admitted, lease.Decision));
        Assert.Equal(RejectionReason.HostCeilingReached, Ask(shedder, new AdmissionRequest(classes[0])).Reason);
    }

    // Enforced; one policy observed; all observed; off.
    private static BackpressureOptions Options(int step) => Fixed(3, change: o =>
    {
        o.MaxConcurrentRequests = 12;
        o.Downstreams["Default"].Queue = new QueueOptions { Capacity = 6, BlockCapacity = 4 };
        o.Policies["Watched"] = new PolicyOptions { Mode = step == 1 ? BackpressureMode.Observe : null };
        o.Policies["Blocking"] = new PolicyOptions { Overflow = Overflow.Block };
        o.Mode = step switch { 2 => BackpressureMode.Observe, 3 => BackpressureMode.Off, _ => BackpressureMode.Enforce };
    });

    private sealed class Actor(LoadShedder shedder, RequestClass[] classes, ShedderSettings[] settings, ManualTimeProvider? time, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly List<AdmissionLease> _running = [];
        private readonly List<ValueTask<AdmissionLease>> _waiting = [];

        public Dictionary<AdmissionDecision, int> Decisions { get; } = [];

        public Exception? Fault { get; private set; }

        public (int Running, int Waiting) Left => (_running.Count, _waiting.Count);

        public void Run()
        {
            try
            {
                for (int i = 0; i < Operations; i++)
                {
                    Operate(i);
                }
            }
            catch (Exception fault)
            {
                Fault = fault;
            }
        }

        public void Settle()
        {
            while (_running.Count > 0 || _waiting.Exists(wait => wait.IsCompleted))
            {
                Look();
                Complete();
            }
        }

        private void Operate(int turn)
        {
            if (turn % OperationsPerReload == 0)
            {
                shedder.Reconfigure(settings[_random.Next(settings.Length)]);
            }

            int dice = _random.Next(100);
            if (dice < 45 && _waiting.Count < 20)
            {
                _waiting.Add(shedder.AdmitAsync(new AdmissionRequest(classes[_random.Next(classes.Length)])));
                Look();
            }
            else if (dice < 95)
            {
                Look();
                Complete();
            }
            else
            {
                time?.Fire();
            }
        }

        private void Look()
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].IsCompleted)
                {
                    AdmissionLease lease = _waiting[i].Result;
                    _waiting.RemoveAt(i);
                    Decisions[lease.Decision] = Decisions.GetValueOrDefault(lease.Decision) + 1;
                    if (lease.IsAdmitted)
                    {
                        _running.Add(lease);
                    }
                }
            }
        }

        private void Complete()
        {
            if (_running.Count > 0)
            {
                int last = _running.Count - 1;
                AdmissionLease lease = _running[last];
                _running.RemoveAt(last);
                lease.Complete(Outcome.Success);
            }
        }
    }
}
