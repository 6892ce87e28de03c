namespace Backpressure.Benchmarks.Live;

/// <summary>How one attempt ended for its client.</summary>
internal enum Ending : byte
{
    /// <summary>With an answer, of whatever status.</summary>
    Answered,

    /// <summary>The client's patience ended first, and it hung up.</summary>
    TimedOut,

    /// <summary>The connection failed.</summary>
    Failed,
}

/// <summary>What the load process knows about one attempt. Times are in milliseconds from the start of the load.</summary>
/// <param name="Number">0 for the first attempt of a request.</param>
/// <param name="IsLast">The client tried no more.</param>
/// <param name="FirstDueMs">When the request was first to be sent.</param>
/// <param name="DueMs">When this attempt was to be sent. Latency is counted from then: a late generator hides nothing.</param>
/// <param name="LagMs">How much later than that it was sent.</param>
internal readonly record struct AttemptRecord(
    byte Route, byte Number, bool IsLast, float FirstDueMs, float DueMs, float LagMs, float EndMs, Ending Ending, short Status)
{
    public float LatencyMs => EndMs - DueMs;

    public bool IsSuccess(int timeoutMs) => Ending == Ending.Answered && Status is >= 200 and <= 299 && LatencyMs <= timeoutMs;

    public static AttemptRecord[] ReadAll(string file)
    {
        using BinaryReader reader = new(File.OpenRead(file));
        AttemptRecord[] records = new AttemptRecord[reader.ReadInt32()];
        for (int i = 0; i < records.Length; i++)
        {
            records[i] = new AttemptRecord(
                reader.ReadByte(), reader.ReadByte(), reader.ReadBoolean(), reader.ReadSingle(), reader.ReadSingle(), reader.ReadSingle(), reader.ReadSingle(), (Ending)reader.ReadByte(), reader.ReadInt16());
        }

        return records;
    }

    public static void WriteAll(string file, IReadOnlyCollection<AttemptRecord> records)
    {
        using BinaryWriter writer = new(File.Create(file));
        writer.Write(records.Count);
        foreach (AttemptRecord record in records)
        {
            writer.Write(record.Route);
            writer.Write(record.Number);
            writer.Write(record.IsLast);
            writer.Write(record.FirstDueMs);
            writer.Write(record.DueMs);
            writer.Write(record.LagMs);
            writer.Write(record.EndMs);
            writer.Write((byte)record.Ending);
            writer.Write(record.Status);
        }
    }
}
