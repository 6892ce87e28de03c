using OpenTelemetry;
using OpenTelemetry.Metrics;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddBackpressure(builder.Configuration.GetSection("Backpressure"));
builder.Services.AddHealthChecks().AddBackpressure();
OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
    .WithMetrics(metrics => metrics.AddMeter("Backpressure").AddPrometheusExporter());
if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not null)
{
    telemetry.UseOtlpExporter();
}

WebApplication app = builder.Build();
app.UseBackpressure();

// Something that takes 100 ms and that no more than 8 may do at once: 80 a second.
app.MapGet("/", static async () =>
{
    await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
    return "Hello";
});

app.MapHealthChecks("/health/ready");
app.MapHealthChecks("/health/live", new() { Predicate = static _ => false });
app.MapPrometheusScrapingEndpoint("/metrics").DisableBackpressure();
await app.RunAsync();
