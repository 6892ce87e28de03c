namespace Backpressure.AspNetCore.Hosting;

/// <summary>A policy that an endpoint's metadata names.</summary>
internal readonly record struct RequiredPolicy(string Name, string Endpoint);
