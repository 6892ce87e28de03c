using System.Globalization;

namespace FlashSale.Acts;

/// <summary>
/// Where the acts' databases are: a temporary folder that is deleted at the end. An order is stored when the disk has
/// it, so a disk that now and then needs a second for that (a laptop's, a busy build machine's) would decide the acts
/// instead of what they are about. Such a disk is found out beforehand, and memory used in its place, which is said.
/// </summary>
internal sealed class DatabaseFolder : IDisposable
{
    private const string Memory = "/dev/shm";
    private const int Flushes = 200;

    // The sale brings some two hundred orders a second, one after the other.
    private static readonly TimeSpan LongestMean = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestSingle = TimeSpan.FromMilliseconds(15);

    private readonly DirectoryInfo _folder;

    public DatabaseFolder(TimeProvider time)
    {
        _folder = Directory.CreateTempSubdirectory("flash-sale-");
        (TimeSpan mean, TimeSpan slowest) = Flush(_folder.FullName, time);
        string figures = string.Create(CultureInfo.InvariantCulture, $"{Flushes} flushes took {mean.TotalMilliseconds:N1} ms each, the slowest {slowest.TotalMilliseconds:N0}");
        Description = $"on the disk: {figures}";
        if ((mean > LongestMean || slowest > LongestSingle) && Directory.Exists(Memory))
        {
            _folder.Delete(recursive: true);
            _folder = Directory.CreateDirectory(Path.Combine(Memory, $"flash-sale-{Guid.NewGuid():N}"));
            Description = $"in memory, this disk being too slow or busy: {figures}";
        }
    }

    public string FullName => _folder.FullName;

    /// <summary>Where and why there.</summary>
    public string Description { get; }

    public void Dispose() => _folder.Delete(recursive: true);

    private static (TimeSpan Mean, TimeSpan Slowest) Flush(string folder, TimeProvider time)
    {
        byte[] page = new byte[4096];
        TimeSpan sum = TimeSpan.Zero;
        TimeSpan slowest = TimeSpan.Zero;
        using FileStream file = File.Create(Path.Combine(folder, "flush"), bufferSize: 1);
        for (int i = 0; i < Flushes; i++)
        {
            long start = time.GetTimestamp();
            file.Write(page);
            file.Flush(flushToDisk: true);
            TimeSpan taken = time.GetElapsedTime(start);
            sum += taken;
            slowest = taken > slowest ? taken : slowest;
        }

        return (sum / Flushes, slowest);
    }
}
