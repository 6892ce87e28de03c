using Microsoft.Data.Sqlite;

namespace FlashSale.Shop;

/// <summary>The shop's two database files: what must not be lost, and what may be.</summary>
internal static class ShopSchema
{
    public const int Products = 200;

    // Write-ahead logging, so that readers never wait for the writer; with synchronous = FULL each commit is on the
    // disk before it returns, so an order that was acknowledged survives even a power cut.
    private const string ShopTables =
        """
        PRAGMA journal_mode = WAL;
        CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category INTEGER NOT NULL, price REAL NOT NULL, stock INTEGER NOT NULL);
        CREATE INDEX products_by_category ON products (category, price);
        CREATE TABLE orders (id BLOB PRIMARY KEY, product INTEGER NOT NULL REFERENCES products (id)) WITHOUT ROWID;
        """;

    private const string AnalyticsTables =
        """
        PRAGMA journal_mode = WAL;
        CREATE TABLE events (id BLOB PRIMARY KEY, bytes INTEGER NOT NULL, digest INTEGER NOT NULL) WITHOUT ROWID;
        """;

    public static string ShopFile(string folder) => Path.Combine(folder, "shop.db");

    public static string AnalyticsFile(string folder) => Path.Combine(folder, "analytics.db");

    public static void Create(string folder)
    {
        Execute(ShopFile(folder), ShopTables, connection =>
        {
            using SqliteTransaction transaction = connection.BeginTransaction();
            using SqliteCommand insert = connection.CreateCommand();
            insert.CommandText = "INSERT INTO products VALUES ($id, $name, $category, $price, 1000000)";
            for (int id = 0; id < Products; id++)
            {
                insert.Parameters.Clear();
                insert.Parameters.AddWithValue("$id", id);
                insert.Parameters.AddWithValue("$name", $"Product {id}");
                insert.Parameters.AddWithValue("$category", id % 10);
                insert.Parameters.AddWithValue("$price", 5 + (id % 37));
                insert.ExecuteNonQuery();
            }

            transaction.Commit();
        });
        Execute(AnalyticsFile(folder), AnalyticsTables, _ => { });
    }

    private static void Execute(string file, string statements, Action<SqliteConnection> fill)
    {
        using SqliteConnection connection = new($"Data Source={file};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are the constants above.
        command.CommandText = statements;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
        fill(connection);
    }
}
