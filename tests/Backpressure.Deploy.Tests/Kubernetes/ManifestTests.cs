using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NJsonSchema;
using NJsonSchema.Validation;

namespace Backpressure.Deploy.Tests.Kubernetes;

/// <summary>Manifests are parsed strictly into the kinds that they name, and fit each other and the application.</summary>
public sealed class ManifestTests
{
    private const string Folder = "deploy/kubernetes";
    private const string Name = "quick-start";

    private static readonly V1Deployment Deployment = Load<V1Deployment>("base/deployment.yaml");
    private static readonly V1Service Service = Load<V1Service>("base/service.yaml");
    private static readonly V1PodDisruptionBudget Budget = Load<V1PodDisruptionBudget>("base/pod-disruption-budget.yaml");
    private static readonly V2HorizontalPodAutoscaler Autoscaler = Load<V2HorizontalPodAutoscaler>("components/hpa/horizontal-pod-autoscaler.yaml");

    private static V1Container Container => Deployment.Spec.Template.Spec.Containers.Single();

    public static TheoryData<string, string> Published => new()
    {
        { "components/prometheus-operator/service-monitor.yaml", "ServiceMonitor" },
        { "components/prometheus-operator/prometheus-rule.yaml", "PrometheusRule" },
        { "components/keda/scaled-object.yaml", "ScaledObject" },
    };

    [Fact]
    public void EveryFile_IsListedByOneKustomization_AndEveryListedOneIsThere()
    {
        string root = Repository.PathOf(Folder);
        var listed = new List<string>();
        foreach (string file in Directory.EnumerateFiles(root, "kustomization.yaml", SearchOption.AllDirectories))
        {
            string folder = Path.GetDirectoryName(file)!;
            JsonNode kustomization = Yaml.Read(Path.GetRelativePath(Repository.Root, file));
            bool component = folder.Contains("components", StringComparison.Ordinal);
            Assert.Equal(component ? "Component" : "Kustomization", (string)kustomization["kind"]!);
            foreach (string entry in new[] { "resources", "components" }.SelectMany(key => kustomization[key]?.AsArray() ?? []).Select(static entry => (string)entry!))
            {
                string path = Path.GetFullPath(Path.Combine(folder, entry));
                Assert.True(File.Exists(path) || File.Exists(Path.Combine(path, "kustomization.yaml")), $"{file} lists {entry}, which is not there.");
                listed.Add(path);
            }
        }

        IEnumerable<string> manifests = Directory.EnumerateFiles(root, "*.yaml", SearchOption.AllDirectories).Where(static file => Path.GetFileName(file) is not ("kustomization.yaml" or "prometheus-adapter-values.yaml"));
        Assert.All(manifests, file => Assert.Single(listed, path => path == file));
    }

    [Theory]
    [MemberData(nameof(Published))]
    public async Task CustomResource_IsValidByThePublishedSchema(string file, string kind)
    {
        JsonSchema schema = await JsonSchema.FromJsonAsync(Repository.Read($"tests/Backpressure.Deploy.Tests/Kubernetes/Schemas/{kind}.json"), TestContext.Current.CancellationToken);
        JsonNode resource = Yaml.Read($"{Folder}/{file}");

        ICollection<ValidationError> errors = schema.Validate(resource.ToJsonString());

        Assert.True(errors.Count == 0, string.Join('\n', errors));
        Assert.Equal(kind, (string)resource["kind"]!);

        // The schema sees what is wrong: a misspelt key.
        resource["spec"]!["replicaz"] = 3;
        Assert.NotEmpty(schema.Validate(resource.ToJsonString()));
    }

    [Fact]
    public void Names_MeetEachOther()
    {
        IDictionary<string, string> labels = Deployment.Spec.Template.Metadata.Labels;
        Assert.All([Deployment.Spec.Selector.MatchLabels, Service.Spec.Selector, Budget.Spec.Selector.MatchLabels], selector =>
            Assert.All(selector, label => Assert.Equal(label.Value, labels[label.Key])));
        Assert.Equal(("apps/v1", "Deployment", Name), (Autoscaler.Spec.ScaleTargetRef.ApiVersion, Autoscaler.Spec.ScaleTargetRef.Kind, Autoscaler.Spec.ScaleTargetRef.Name));
        JsonNode keda = Yaml.Read($"{Folder}/components/keda/scaled-object.yaml")["spec"]!;
        Assert.Equal(Name, (string)keda["scaleTargetRef"]!["name"]!);
        JsonNode monitor = Yaml.Read($"{Folder}/components/prometheus-operator/service-monitor.yaml")["spec"]!;
        Assert.Equal(Name, (string)monitor["selector"]!["matchLabels"]!["app.kubernetes.io/name"]!);
        Assert.Equal(Name, Service.Metadata.Labels[(string)monitor["jobLabel"]!]);
        Assert.All(keda["triggers"]!.AsArray(), static trigger => Assert.Contains($"job=\"{Name}\"", (string)trigger!["metadata"]!["query"]!, StringComparison.Ordinal));
        Assert.Equal(Deployment.Spec.Replicas, Autoscaler.Spec.MinReplicas);
        Assert.Equal(Deployment.Spec.Replicas!.Value, (long)keda["minReplicaCount"]!);

        // The floor of the readiness check wants more than one, and a disruption must leave at least two.
        Assert.True(Deployment.Spec.Replicas >= 3);
        Assert.Equal("1", Budget.Spec.MaxUnavailable.Value);
    }

    [Fact]
    public void PortsAndPaths_AreTheApplications()
    {
        V1ContainerPort port = Container.Ports.Single();
        string source = Repository.Read("samples/QuickStart/Program.cs");
        string dockerfile = Repository.Read("deploy/Dockerfile");
        JsonNode endpoint = Yaml.Read($"{Folder}/components/prometheus-operator/service-monitor.yaml")["spec"]!["endpoints"]![0]!;

        Assert.Equal(["--urls", $"http://+:{port.ContainerPort}"], Container.Args);
        Assert.Contains($"CMD [\"--urls\", \"http://+:{port.ContainerPort}\"]", dockerfile, StringComparison.Ordinal);
        Assert.Contains($"EXPOSE {port.ContainerPort}\n", dockerfile, StringComparison.Ordinal);
        Assert.Equal(port.Name, Service.Spec.Ports.Single().TargetPort.Value);
        Assert.Equal(Service.Spec.Ports.Single().Name, (string)endpoint["port"]!);
        Assert.Contains($"MapPrometheusScrapingEndpoint(\"{endpoint["path"]}\")", source, StringComparison.Ordinal);
        Assert.All([Container.StartupProbe, Container.LivenessProbe, Container.ReadinessProbe], probe =>
        {
            Assert.Equal(port.Name, probe.HttpGet.Port.Value);
            Assert.Contains($"MapHealthChecks(\"{probe.HttpGet.Path}\"", source, StringComparison.Ordinal);
        });
        Assert.Equal("/health/ready", Container.ReadinessProbe.HttpGet.Path);
        Assert.Equal("/health/live", Container.LivenessProbe.HttpGet.Path);
    }

    [Fact]
    public void GracePeriod_HoldsThePreStopPauseAndTheHostsShutdown_AndThatTheLongestWait()
    {
        Dictionary<string, string> environment = Container.Env.ToDictionary(static variable => variable.Name, static variable => variable.Value);
        Environment.SetEnvironmentVariable("DOTNET_shutdownTimeoutSeconds", environment["DOTNET_shutdownTimeoutSeconds"]);
        using WebApplication app = WebApplication.CreateBuilder().Build();
        TimeSpan shutdown = app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;
        Environment.SetEnvironmentVariable("DOTNET_shutdownTimeoutSeconds", null);
        var maxWait = TimeSpan.Parse(environment["Backpressure__Policies__Default__MaxWait"], System.Globalization.CultureInfo.InvariantCulture);
        long pause = Container.Lifecycle.PreStop.Sleep.Seconds;

        Assert.Equal(TimeSpan.FromSeconds(20), shutdown);
        Assert.True(shutdown > maxWait);
        Assert.True(Deployment.Spec.Template.Spec.TerminationGracePeriodSeconds >= pause + shutdown.TotalSeconds + 3);

        // A pod that goes is known to go before it refuses: longer than the readiness probe needs to say so by itself.
        Assert.True(pause >= Container.ReadinessProbe.PeriodSeconds * Container.ReadinessProbe.FailureThreshold);
    }

    [Fact]
    public void Environment_IsAConfigurationThatTheApplicationTakes()
    {
        Dictionary<string, string?> settings = Container.Env.Where(static variable => variable.Name.StartsWith("Backpressure__", StringComparison.Ordinal))
            .ToDictionary(static variable => variable.Name.Replace("__", ":", StringComparison.Ordinal), static string? (variable) => variable.Value);
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        Microsoft.Extensions.Configuration.MemoryConfigurationBuilderExtensions.AddInMemoryCollection(builder.Configuration, settings);
        builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpressure"));
        using WebApplication app = builder.Build();

        Assert.NotNull(app.Services.GetRequiredService<LoadShedder>());
    }

    [Fact]
    public void Pod_HasNoRightsItDoesNotNeed()
    {
        V1PodSpec pod = Deployment.Spec.Template.Spec;

        Assert.True(pod.SecurityContext.RunAsNonRoot);
        Assert.Equal(1654, pod.SecurityContext.RunAsUser);
        Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
        Assert.False(pod.AutomountServiceAccountToken);
        Assert.True(Container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.False(Container.SecurityContext.AllowPrivilegeEscalation);
        Assert.Equal(["ALL"], Container.SecurityContext.Capabilities.Drop);
        Assert.All(["cpu", "memory"], resource => Assert.True(Container.Resources.Requests.ContainsKey(resource) && Container.Resources.Limits.ContainsKey(resource)));
        Assert.Equal("restricted", Load<V1Namespace>("base/namespace.yaml").Metadata.Labels["pod-security.kubernetes.io/enforce"]);
    }

    [Fact]
    public void TypedKinds_AreReadStrictly()
    {
        Assert.ThrowsAny<Exception>(static () => KubernetesYaml.Deserialize<V1Deployment>(Repository.Read($"{Folder}/base/deployment.yaml").Replace("replicas:", "replicaz:", StringComparison.Ordinal), strict: true));
    }

    private static T Load<T>(string file)
        where T : IKubernetesObject
    {
        T loaded = KubernetesYaml.Deserialize<T>(Repository.Read($"{Folder}/{file}"), strict: true);
        var kind = (KubernetesEntityAttribute)Attribute.GetCustomAttribute(typeof(T), typeof(KubernetesEntityAttribute))!;
        Assert.Equal(kind.Kind, loaded.Kind);
        Assert.Equal(string.IsNullOrEmpty(kind.Group) ? kind.ApiVersion : $"{kind.Group}/{kind.ApiVersion}", loaded.ApiVersion);
        return loaded;
    }
}
