namespace Backpressure.Testing;

/// <summary>Waits for what other threads, brokers and servers bring about, for as long as a busy machine may need.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);

    public static Task TrueAsync(Func<Task<bool>> condition, string what) => TrueAsync(condition, what, TimeSpan.FromMilliseconds(10));

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan pace)
    {
        using var timer = new PeriodicTimer(pace);
        long since = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(since) < Patience, $"In vain: {what}");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
