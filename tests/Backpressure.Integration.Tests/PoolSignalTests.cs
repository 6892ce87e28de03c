using Npgsql;
using static Backpressure.Integration.Tests.OpenLoad;

namespace Backpressure.Integration.Tests;

/// <summary>
/// A lock that is held for five seconds keeps reports, and by them the pool's connections. Before anything has failed, Npgsql's
/// own count of waiters lowers the limit: reports are shed and checkouts go on.
/// </summary>
public sealed class PoolSignalTests
{
    private const double LockedAt = 1;
    private const double ReleasedAt = 6;
    private const double End = 10;

    private static readonly Dictionary<string, int> PerSecond = new() { ["/checkout"] = 40, ["/report"] = 120 };

    [Fact]
    public async Task HeldLock_WithThePoolsWaitersAsSignal_ShedsReportsAndServesCheckouts()
    {
        IReadOnlyCollection<Answer> answers = await PlayAsync(BackpressureMode.Enforce);

        Assert.InRange(Served(answers, "/checkout", 0, End), 0.99, 1);
        Assert.InRange(Served(answers, "/report", LockedAt, ReleasedAt), 0, 0.1);
        Assert.InRange(Served(answers, "/checkout", ReleasedAt + 2, End), 0.99, 1);
        Assert.InRange(Served(answers, "/report", ReleasedAt + 2, End), 0.95, 1);
    }

    [Fact]
    public async Task HeldLock_WithoutProtection_TakesTheCheckoutsAlong()
    {
        IReadOnlyCollection<Answer> answers = await PlayAsync(BackpressureMode.Off);

        Assert.InRange(Served(answers, "/checkout", LockedAt + 1, ReleasedAt - 2), 0, 0.5);
    }

    private static async Task<IReadOnlyCollection<Answer>> PlayAsync(BackpressureMode mode)
    {
        string connection = Postgres.Require();
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await using NpgsqlDataSource owner = NpgsqlDataSource.Create(connection);
        await using (NpgsqlCommand prepare = owner.CreateCommand(
            "DROP TABLE IF EXISTS report; CREATE TABLE report (id int PRIMARY KEY, total int); INSERT INTO report VALUES (1, 0)"))
        {
            await prepare.ExecuteNonQueryAsync(cancellationToken);
        }

        await using Shop shop = await Shop.OpenAsync(connection, mode, cancellationToken);
        await new OpenLoad(shop.Address).SendAsync(PerSecond, 1);
        await using NpgsqlConnection holder = await owner.OpenConnectionAsync(cancellationToken);
        IReadOnlyCollection<Answer> answers = await new OpenLoad(shop.Address).SendAsync(
            PerSecond,
            End,
            (LockedAt, () => RunAsync(holder, "BEGIN; SELECT * FROM report FOR UPDATE")),
            (ReleasedAt, () => RunAsync(holder, "ROLLBACK")));
        foreach (string path in PerSecond.Keys)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{mode} {path}: {string.Join(' ', Enumerable.Range(0, (int)End).Select(s => $"{Served(answers, path, s, s + 1):P0}"))}");
        }

        return answers;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static double Served(IEnumerable<Answer> answers, string path, double from, double to)
    {
        Answer[] asked = [.. answers.Where(a => a.Path == path && a.At >= from && a.At < to)];
        return (double)asked.Count(a => a.IsServed) / asked.Length;
    }
}
