using System.Text.Json;
using FlashSale;
using FlashSale.Dependencies;
using FlashSale.Load;
using FlashSale.Processes;
using FlashSale.Shop;

// The same executable plays every part. The parent process directs (Demonstration); shop, load and payment provider are its children.
switch (args)
{
    case ["shop", var settings]:
        return await ShopProcess.RunAsync(JsonSerializer.Deserialize<ShopSettings>(settings)!);
    case ["load", var settings]:
        return await LoadProcess.RunAsync(JsonSerializer.Deserialize<LoadSettings>(settings)!);
    case [PaymentsProcess.Role, var settings]:
        return await PaymentsProcess.RunAsync(JsonSerializer.Deserialize<PaymentsSettings>(settings)!);
    default:
        return await Demonstration.RunAsync(args);
}
