using FlashSale.Load;
using FlashSale.Shop;
using Microsoft.Data.Sqlite;

namespace FlashSale.Acts;

/// <summary>
/// What the database holds after the shop's process has ended, read by a process that had no part in writing it, to be
/// compared with what clients had been told.
/// </summary>
internal sealed class Books
{
    private readonly HashSet<Guid> _orders;
    private readonly HashSet<Guid> _events;

    public Books(string folder, IReadOnlyList<RequestRecord> requests)
    {
        _orders = ReadIds(ShopSchema.ShopFile(folder), "SELECT id FROM orders");
        _events = ReadIds(ShopSchema.AnalyticsFile(folder), "SELECT id FROM events");

        RequestRecord[] checkouts = [.. requests.Where(r => r.Route == ShopRoute.Checkout)];
        RequestRecord[] acknowledged = [.. checkouts.Where(r => r.Ending == Ending.Answered && r.Status is >= 200 and <= 299)];
        Acknowledged = acknowledged.Length;
        Stored = _orders.Count;
        AcknowledgedMissing = acknowledged.Count(r => !_orders.Contains(r.Id));

        HashSet<Guid> known = [.. acknowledged.Select(r => r.Id)];
        HashSet<Guid> impatient = [.. checkouts.Where(r => r.Ending == Ending.TimedOut).Select(r => r.Id)];
        StoredForThoseWhoLeft = _orders.Count(id => !known.Contains(id) && impatient.Contains(id));
        StoredUnexplained = _orders.Count(id => !known.Contains(id) && !impatient.Contains(id));
    }

    /// <summary>Orders whose client was told that they were taken.</summary>
    public int Acknowledged { get; }

    public int Stored { get; }

    /// <summary>The lie: the client was told, the database does not know.</summary>
    public int AcknowledgedMissing { get; }

    /// <summary>Stored although nobody was told, because the client's time-out came first.</summary>
    public int StoredForThoseWhoLeft { get; }

    /// <summary>Stored although the client was told otherwise: must not be.</summary>
    public int StoredUnexplained { get; }

    /// <summary>
    /// Whether a client got what it asked for: a success in time and, where something was to be written, the fact and not
    /// only the promise.
    /// </summary>
    public bool Served(in RequestRecord request) => request.IsSuccess && request.Route switch
    {
        ShopRoute.Checkout => _orders.Contains(request.Id),
        ShopRoute.Analytics => _events.Contains(request.Id),
        _ => true,
    };

    private static HashSet<Guid> ReadIds(string file, string query)
    {
        using SqliteConnection connection = new($"Data Source={file};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The two constants above.
        command.CommandText = query;
#pragma warning restore CA2100
        HashSet<Guid> ids = [];
        using SqliteDataReader row = command.ExecuteReader();
        while (row.Read())
        {
            ids.Add(new Guid((byte[])row.GetValue(0)));
        }

        return ids;
    }
}
