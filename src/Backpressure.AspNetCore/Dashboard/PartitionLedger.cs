using System.Globalization;
using Backpressure.Admission;
using Backpressure.AspNetCore.Classification;
using Backpressure.Configuration;
using Backpressure.Downstreams;
using Microsoft.AspNetCore.Http;

namespace Backpressure.AspNetCore.Dashboard;

/// <summary>
/// Who takes most, of those who had to wait: by service time × cost, which is what turns are given by. Only while somebody watches;
/// at a free gate nobody asks whose a request is. Bounded by <see cref="Most"/> accounts.
/// </summary>
/// <remarks>
/// Space-saving (Metwally, Agrawal and El Abbadi, 2005): one that has no account takes over the lightest with what is on it, so
/// whoever has more than 1/<see cref="Most"/> of all is always among them. A partition is known by its hand of queues.
/// </remarks>
internal sealed class PartitionLedger(LoadShedder shedder)
{
    public const int Most = 256;

    /// <summary>What was taken half a minute ago counts half.</summary>
    private static readonly double Fading = Math.Pow(0.5, 1.0 / 30);

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Account> _accounts = [];
    private Func<object, PartitionSettings, ulong>? _reader;
    private double _all;
    private bool _names;

    /// <summary>Begins to measure, from nothing.</summary>
    public void Begin(BackpressureDashboardOptions options)
    {
        if (options.Partitions == 0 || _reader is not null || shedder.PartitionReader is not { } reader)
        {
            return;
        }

        _names = options.ShowPartitionNames;
        _reader = reader;
        if (_names)
        {
            shedder.PartitionReader = ReadNamed;
        }

        shedder.Taken = Take;
    }

    public void End()
    {
        if (_reader is not { } reader)
        {
            return;
        }

        shedder.Taken = null;
        shedder.PartitionReader = reader;
        _reader = null;
        lock (_lock)
        {
            _accounts.Clear();
            _all = 0;
        }
    }

    /// <summary>A second has gone by.</summary>
    public void Age()
    {
        lock (_lock)
        {
            _all *= Fading;
            foreach (Account account in _accounts.Values)
            {
                account.Taken *= Fading;
            }
        }
    }

    /// <summary>The heaviest, with what each takes of all.</summary>
    public IReadOnlyList<PartitionShare> Heaviest(int count)
    {
        lock (_lock)
        {
            return
            [
                .. _accounts.OrderByDescending(static pair => pair.Value.Taken).Take(count).Select(pair => new PartitionShare(
                    pair.Value.Name ?? NameOf(pair.Key),
                    shedder.ToTimeSpan((long)pair.Value.Taken).TotalSeconds,
                    _all > 0 ? Math.Min(1, pair.Value.Taken / _all) : 0)),
            ];
        }
    }

    /// <summary>Charges a partition. Called where a request ends, so it never throws and never waits for more than this lock.</summary>
    internal void Take(PartitionHand hand, long ticks)
    {
        lock (_lock)
        {
            AccountOf(hand).Taken += ticks;
            _all += ticks;
        }
    }

    private void Take(Downstream downstream, ServiceCharge charge)
    {
        if (!downstream.IsShadow)
        {
            Take(charge.Hand, charge.Taken);
        }
    }

    private ulong ReadNamed(object source, PartitionSettings partition)
    {
        ulong hash = _reader is { } reader ? reader(source, partition) : PartitionKeys.HashOf((HttpContext)source, partition);
        if (hash != 0)
        {
            var hand = PartitionHand.Of(hash);
            lock (_lock)
            {
                // Only of one that has an account already, so that a flood of names costs nothing.
                if (_accounts.TryGetValue(hand.Packed, out Account? account))
                {
                    account.Name ??= PartitionKeys.Of((HttpContext)source, partition);
                }
            }
        }

        return hash;
    }

    private Account AccountOf(PartitionHand hand)
    {
        if (_accounts.TryGetValue(hand.Packed, out Account? account))
        {
            return account;
        }

        account = new Account();
        if (_accounts.Count >= Most)
        {
            (uint lightest, Account its) = _accounts.MinBy(static pair => pair.Value.Taken);
            account.Taken = its.Taken;
            _accounts.Remove(lightest);
        }

        _accounts[hand.Packed] = account;
        return account;
    }

    private static string NameOf(uint hand) => hand == 0 ? "nobody's" : string.Create(CultureInfo.InvariantCulture, $"#{hand:x8}");

    private sealed class Account
    {
        public double Taken { get; set; }

        public string? Name { get; set; }
    }
}

/// <summary>What one partition has taken of late.</summary>
/// <param name="Name">Its name or hash.</param>
/// <param name="Seconds">Seconds of service, fading.</param>
/// <param name="Share">Of what all have taken, 0 to 1.</param>
internal readonly record struct PartitionShare(string Name, double Seconds, double Share);
