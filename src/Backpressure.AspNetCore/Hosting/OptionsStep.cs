using Microsoft.Extensions.Configuration;

namespace Backpressure.AspNetCore.Hosting;

/// <summary>What one call of AddBackpressure adds to the options: code or a section, never both.</summary>
internal sealed record OptionsStep(Action<BackpressureOptions>? Code, IConfiguration? Section);
