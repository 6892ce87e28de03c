namespace Backpressure.Kafka.Consuming;

/// <summary>
/// The gate of the downstream that handlers use. A message that it refuses is not lost but asks again: it stands with the others that are taken, and
/// so pauses its partition.
/// </summary>
internal sealed class HandlingGate(LoadShedder shedder, string topic, string policy, TimeProvider time)
{
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(1);

    private readonly RequestClass _class = shedder.ClassOf($"kafka {topic}", policy);

    /// <returns>The lease; one that is not admitted only if <paramref name="leaving"/> has fired.</returns>
    public async ValueTask<AdmissionLease> EnterAsync(CancellationToken leaving)
    {
        while (true)
        {
            AdmissionLease lease = await shedder.AdmitAsync(new AdmissionRequest(_class), leaving);
            if (lease.IsAdmitted || leaving.IsCancellationRequested)
            {
                return lease;
            }

            TimeSpan pause = lease.RetryAfter > LeastPause ? lease.RetryAfter : LeastPause;
            await Task.Delay(pause, time, leaving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
