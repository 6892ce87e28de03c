using System.Globalization;

namespace FlashSale.Load;

/// <summary>Everything a load process saw, request by request: the parent judges, the generator only observes.</summary>
internal sealed class RequestLog(DateTimeOffset started, bool keep = true)
{
    private readonly Lock _lock = new();
    private readonly List<RequestRecord> _records = new(50_000);
    private long _served;
    private long _refused;
    private long _failed;

    /// <summary>When the load began, by the wall clock that parent and child share.</summary>
    public DateTimeOffset Started { get; private set; } = started;

    public IReadOnlyList<RequestRecord> Records => _records;

    /// <summary>Now the load begins in earnest.</summary>
    public long Start(TimeProvider time)
    {
        Started = time.GetUtcNow();
        return time.GetTimestamp();
    }

    public static RequestLog Read(string file)
    {
        using BinaryReader reader = new(File.OpenRead(file));
        RequestLog log = new(DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadInt64()));
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            log._records.Add(new RequestRecord(
                reader.ReadByte(),
                (ShopRoute)reader.ReadByte(),
                new Guid(reader.ReadBytes(16)),
                reader.ReadDouble(),
                reader.ReadDouble(),
                reader.ReadDouble(),
                (Ending)reader.ReadByte(),
                reader.ReadInt16(),
                reader.ReadInt16()));
        }

        return log;
    }

    public void Add(in RequestRecord record)
    {
        lock (_lock)
        {
            _ = record.IsSuccess ? _served++ : record.Ending == Ending.Answered ? _refused++ : _failed++;
            if (keep)
            {
                _records.Add(record);
            }
        }
    }

    /// <summary>How it goes, for people who watch.</summary>
    public override string ToString()
    {
        lock (_lock)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{_served,7:N0} served {_refused,7:N0} refused {_failed,7:N0} timed out or failed");
        }
    }

    public void Write(string file)
    {
        using BinaryWriter writer = new(File.Create(file));
        lock (_lock)
        {
            writer.Write(Started.ToUnixTimeMilliseconds());
            writer.Write(_records.Count);
            foreach (RequestRecord record in _records)
            {
                writer.Write(record.Phase);
                writer.Write((byte)record.Route);
                writer.Write(record.Id.ToByteArray());
                writer.Write(record.ScheduledMs);
                writer.Write(record.SendLagMs);
                writer.Write(record.LatencyMs);
                writer.Write((byte)record.Ending);
                writer.Write(record.Status);
                writer.Write(record.RetryAfterSeconds);
            }
        }
    }
}
