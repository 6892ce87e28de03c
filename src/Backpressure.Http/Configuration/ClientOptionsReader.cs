using Backpressure.Configuration;
using Microsoft.Extensions.Configuration;

namespace Backpressure.Http.Configuration;

/// <summary>Reads a client's section on top of what code has said; errors are kept until all are known.</summary>
internal static class ClientOptionsReader
{
    public static void Read(IConfiguration section, BackpressureClientOptions options)
    {
        var reader = new SectionReader(section, options.Errors ??= new OptionsErrors());
        options.Mode = reader.Name<BackpressureMode>(nameof(options.Mode)) ?? options.Mode;
        options.Priority = reader.Name<Priority>(nameof(options.Priority)) ?? options.Priority;
        options.MaxWait = reader.Duration(nameof(options.MaxWait)) ?? options.MaxWait;
        options.ThrottleRatio = reader.Fraction(nameof(options.ThrottleRatio)) ?? options.ThrottleRatio;
        options.ThrottleWindow = reader.Duration(nameof(options.ThrottleWindow)) ?? options.ThrottleWindow;
        options.MaxRetryAfter = reader.Duration(nameof(options.MaxRetryAfter)) ?? options.MaxRetryAfter;
        options.Credits = reader.Flag(nameof(options.Credits)) ?? options.Credits;
        options.Propagate = reader.Flag(nameof(options.Propagate)) ?? options.Propagate;
        options.MaxDestinations = reader.Whole(nameof(options.MaxDestinations)) ?? options.MaxDestinations;
        options.ForgetAfter = reader.Duration(nameof(options.ForgetAfter)) ?? options.ForgetAfter;
        if (reader.Object(nameof(options.Limit)) is { } limit)
        {
            OptionsReader.Read(limit, options.Limit ??= new());
        }

        if (reader.Object(nameof(options.Queue)) is { } queue)
        {
            OptionsReader.Read(queue, options.Queue ??= new());
        }

        reader.RefuseTheRest();
    }
}
