using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace FlashSale.Shop;

/// <summary>One SQLite connection with its prepared statements. One caller at a time: <see cref="RunAsync"/>.</summary>
internal sealed class ShopConnection : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _product;
    private readonly SqliteCommand _recommend;
    private readonly SqliteCommand? _takeFromStock;
    private readonly SqliteCommand? _storeOrder;
    private readonly SqliteCommand? _storeEvent;

    public ShopConnection(string folder, bool writable)
    {
        string mode = writable ? "ReadWrite" : "ReadOnly";
        _connection = new SqliteConnection($"Data Source={ShopSchema.ShopFile(folder)};Mode={mode};Pooling=False");
        _connection.Open();
        _product = Prepare("SELECT name, price, stock FROM products WHERE id = $id", "$id");
        _recommend = Prepare(
            """
            SELECT json_group_array(name) FROM (
                SELECT other.name FROM products this JOIN products other ON other.category = this.category
                WHERE this.id = $id AND other.id <> this.id ORDER BY abs(other.price - this.price) LIMIT 5)
            """,
            "$id");
        if (!writable)
        {
            return;
        }

        // Events may be lost in a power cut, orders must not.
        Execute("PRAGMA main.synchronous = FULL");
        using (SqliteCommand attach = Prepare("ATTACH $file AS analytics", "$file"))
        {
            attach.Parameters[0].Value = ShopSchema.AnalyticsFile(folder);
            attach.ExecuteNonQuery();
        }

        Execute("PRAGMA analytics.synchronous = OFF");
        _takeFromStock = Prepare("UPDATE products SET stock = stock - 1 WHERE id = $id AND stock > 0", "$id");
        _storeOrder = Prepare("INSERT INTO orders VALUES ($order, $product)", "$order", "$product");
        _storeEvent = Prepare("INSERT OR IGNORE INTO analytics.events VALUES ($event, $bytes, $digest)", "$event", "$bytes", "$digest");
    }

    /// <summary>Runs <paramref name="statements"/> when nobody else does on this connection. They take well under a millisecond, a commit as long as the disk needs.</summary>
    public async Task<TResult> RunAsync<TResult>(Func<ShopConnection, TResult> statements)
    {
        await _turn.WaitAsync();
        try
        {
            return statements(this);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>A product as JSON, or <see langword="null"/> when there is none.</summary>
    public string? FindProduct(int id)
    {
        _product.Parameters[0].Value = id;
        using SqliteDataReader row = _product.ExecuteReader();
        return row.Read()
            ? JsonSerializer.Serialize(new { id, name = row.GetString(0), price = row.GetDouble(1), stock = row.GetInt64(2) })
            : null;
    }

    /// <summary>Names of similar products as JSON.</summary>
    public string? Recommend(int id)
    {
        _recommend.Parameters[0].Value = id;
        return (string?)_recommend.ExecuteScalar();
    }

    /// <summary>Takes the product from stock and stores the order: both or neither, on the disk when it returns.</summary>
    public void StoreOrder(Order order)
    {
        using SqliteTransaction transaction = _connection.BeginTransaction();
        _takeFromStock!.Transaction = transaction;
        _takeFromStock.Parameters[0].Value = order.Product;
        if (_takeFromStock.ExecuteNonQuery() != 1)
        {
            throw new InvalidOperationException($"Product {order.Product} is not in stock.");
        }

        _storeOrder!.Transaction = transaction;
        _storeOrder.Parameters[0].Value = order.Id.ToByteArray();
        _storeOrder.Parameters[1].Value = order.Product;
        _storeOrder.ExecuteNonQuery();
        transaction.Commit();
    }

    public void StoreEvent(AnalyticsEvent analyticsEvent)
    {
        _storeEvent!.Parameters[0].Value = analyticsEvent.Id.ToByteArray();
        _storeEvent.Parameters[1].Value = analyticsEvent.Body.Length;
        _storeEvent.Parameters[2].Value = Digest(analyticsEvent.Body);
        _storeEvent.ExecuteNonQuery();
    }

    public void Dispose()
    {
        _product.Dispose();
        _recommend.Dispose();
        _takeFromStock?.Dispose();
        _storeOrder?.Dispose();
        _storeEvent?.Dispose();
        _connection.Dispose();
        _turn.Dispose();
    }

    private static int Digest(byte[] body)
    {
        HashCode digest = default;
        digest.AddBytes(body);
        return digest.ToHashCode();
    }

    private SqliteCommand Prepare(string statement, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // Every statement is a constant of this file; values are parameters.
        command.CommandText = statement;
#pragma warning restore CA2100
        foreach (string parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        }

        return command;
    }

    private void Execute(string statement)
    {
        using SqliteCommand command = Prepare(statement);
        command.ExecuteNonQuery();
    }
}
