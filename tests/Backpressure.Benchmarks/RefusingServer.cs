using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backpressure.Benchmarks;

/// <summary>A real server that answers 503 to all: by itself, or because a middleware's only place is taken for good.</summary>
internal sealed class RefusingServer
{
    // Whoever has asked for the only place, kept as long as the server is.
    private readonly List<Socket> _asking = [];

    public RefusingServer(Middlewares middleware, bool refusing)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        middleware.Configure(builder.Services);
        WebApplication application = builder.Build();
        middleware.Use(application);
        var never = new TaskCompletionSource();
        RequestDelegate handler = refusing ? _ => never.Task : AnswerAsync;
        application.MapGet("/", handler).RequireRateLimiting("only");
        application.Start();

        ICollection<string> addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        Address = new IPEndPoint(IPAddress.Loopback, new Uri(addresses.Single()).Port);
        if (refusing)
        {
            TakeTheOnlyPlace();
        }
    }

    public IPEndPoint Address { get; }

    private static Task AnswerAsync(HttpContext context)
    {
        context.Response.StatusCode = 503;
        MiddlewareWork.AnswerAsOurs(context);
        return Task.CompletedTask;
    }

    // Until it is taken a request is not answered but waits there itself: the first that is answered, was refused.
    private void TakeTheOnlyPlace()
    {
        byte[] answer = new byte[1024];
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _asking.Add(socket);
            socket.Connect(Address);
            socket.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8);
            if (socket.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectRead) && socket.Receive(answer) > 0)
            {
                return;
            }
        }
    }
}
