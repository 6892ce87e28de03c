using System.Text.Json;
using Chain;
using Chain.Load;
using Chain.Services;

// The same executable plays every part. The parent process directs (Demonstration); services and load are its children.
switch (args)
{
    case [ServiceProcess.Role, var settings]:
        return await ServiceProcess.RunAsync(JsonSerializer.Deserialize<ServiceSettings>(settings)!);
    case [LoadProcess.Role, var settings]:
        return await LoadProcess.RunAsync(JsonSerializer.Deserialize<LoadSettings>(settings)!);
    default:
        return await Demonstration.RunAsync(args);
}
