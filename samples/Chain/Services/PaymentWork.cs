namespace Chain.Services;

/// <summary>
/// What a payment takes: one of a few slots, for a while. What has been asked for is done, whether or not the one who asked
/// is still there: so do databases and banks.
/// </summary>
internal sealed class PaymentWork(TimeProvider time) : IDisposable
{
    public const string Slow = "slow";
    public const string Normal = "normal";

    private readonly SemaphoreSlim _slots = new(Scenario.PaymentsSlots);
    private volatile int _times = 1;

    public void Told(string line) => _times = line == Slow ? Scenario.SlowedTimes : 1;

    public async Task PayAsync()
    {
        await _slots.WaitAsync();
        try
        {
            // From half of it to one and a half.
            await Task.Delay(TimeSpan.FromMilliseconds(Scenario.PaymentMs * _times * (0.5 + Random.Shared.NextDouble())), time);
        }
        finally
        {
            _slots.Release();
        }
    }

    public void Dispose() => _slots.Dispose();
}
