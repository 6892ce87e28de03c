using Npgsql;

namespace Backpressure.Integration.Tests;

/// <summary>The PostgreSQL that tests may use.</summary>
internal static class Postgres
{
    private const string Variable = "BACKPRESSURE_POSTGRES";

    /// <summary>Its connection string; skips the test when there is none.</summary>
    public static string Require()
    {
        string? connection = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(
            string.IsNullOrWhiteSpace(connection),
            $"Needs a PostgreSQL: start one and set {Variable}, such as \"Host=127.0.0.1;Port=5432;Username=postgres;Database=postgres\". .ci/run does both.");
        return connection!;
    }

    /// <summary>A pool of ten connections whose waits for locks end after half a second.</summary>
    public static NpgsqlDataSource PoolOfTen(string connection, string name)
    {
        var builder = new NpgsqlDataSourceBuilder(connection) { Name = name };
        builder.ConnectionStringBuilder.MaxPoolSize = 10;
        builder.ConnectionStringBuilder.Options = "-c lock_timeout=500ms";
        return builder.Build();
    }
}
