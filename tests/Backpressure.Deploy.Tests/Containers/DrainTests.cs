using System.Globalization;
using System.Net;
using Backpressure.Deploy.Tests.Running;
using k8s;
using k8s.Models;

namespace Backpressure.Deploy.Tests.Containers;

/// <summary>A pod that goes, under load: its clients are sent elsewhere, then it gets SIGTERM with requests running and waiting, and none of them fails.</summary>
public sealed class DrainTests
{
    private const int Clients = 64;

    private static readonly V1Container Container =
        KubernetesYaml.Deserialize<V1Deployment>(Repository.Read("deploy/kubernetes/base/deployment.yaml"), strict: true).Spec.Template.Spec.Containers.Single();

    [Fact]
    public async Task Sigterm_UnderLoad_FailsNoRequest()
    {
        DirectoryInfo app = await Contained.PublishAsync();
        try
        {
            (int going, int staying) = (Tool.FreePort(), Tool.FreePort());
            KeyValuePair<string, string>[] environment = [.. Container.Env.Select(static variable => KeyValuePair.Create(variable.Name, variable.Value))];
            await using Tool first = Contained.Start(app, going, environment);
            await using Tool second = Contained.Start(app, staying, environment);
            using var client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) });
            await first.EventuallyAsync(() => AnswersAsync(client, going, Container.StartupProbe.HttpGet.Path), "the first is started");
            await second.EventuallyAsync(() => AnswersAsync(client, staying, Container.ReadinessProbe.HttpGet.Path), "the second is ready");
            AssertContained(first);

            var load = new Load(client, going);
            Task clients = load.RunAsync(Clients);
            await first.EventuallyAsync(() => Task.FromResult(load.Served >= 100), "a hundred served");

            // The endpoint is gone from the load balancers. That takes a moment in a cluster, which preStop waits for: here, until all that
            // was sent has come in, which is so once more than a turn of the limit was answered after that.
            load.Port = staying;
            int served = load.ServedBy(going);
            await first.EventuallyAsync(() => Task.FromResult(load.ServedBy(going) >= served + 8), "a turn later");
            int open = load.OpenAt(going);
            await first.SignalAsync("TERM");
            int exitCode = await first.ExitAsync();
            int after = load.ServedBy(staying);
            await second.EventuallyAsync(() => Task.FromResult(load.ServedBy(staying) >= after + 50), "the second goes on");
            load.Stop();
            await clients;
            await second.SignalAsync("TERM");

            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{load.Served} served, {load.Failures.Count} failed; {open} ran or waited at SIGTERM; exit code {exitCode}"));
            Assert.True(load.Failures.IsEmpty, string.Join('\n', load.Failures));
            Assert.InRange(open, 9, Clients);
            Assert.Equal(0, load.OpenAt(going));
            Assert.Equal(0, exitCode);
            Assert.Equal(0, await second.ExitAsync());
        }
        finally
        {
            app.Delete(recursive: true);
        }
    }

    private static void AssertContained(Tool app)
    {
        IReadOnlyDictionary<string, string> status = Contained.StatusOf(app.Id);
        Assert.Equal("dotnet", status["Name"]);
        if (Environment.IsPrivilegedProcess)
        {
            Assert.StartsWith("65534", status["Uid"], StringComparison.Ordinal);
            Assert.Equal(0UL, ulong.Parse(status["CapEff"], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            Assert.Equal(0UL, ulong.Parse(status["CapBnd"], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            Assert.Equal("1", status["NoNewPrivs"]);
            string[] mounts = File.ReadAllLines($"/proc/{app.Id}/mounts");
            Assert.Contains(mounts.Last(static line => line.Split(' ')[1] == "/").Split(' ')[3].Split(','), static option => option == "ro");
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient client, int port, string path)
    {
        try
        {
            using HttpResponseMessage response = await client.GetAsync($"http://127.0.0.1:{port}{path}", TestContext.Current.CancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
