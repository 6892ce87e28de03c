using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Backpressure.AspNetCore.Tests;

public sealed class AllocationTests
{
    [Theory]
    [InlineData(true, false, 0)]
    [InlineData(true, true, 120)]
    [InlineData(false, false, 0)]
    public async Task Request_ThatIsDecidedAtOnce_AllocatesNothingOfOurs(bool admitted, bool late, int bytes)
    {
        WebApplicationBuilder builder = Site.CreateBuilder();
        builder.Services.AddBackpressure(Site.OneAtATime).AddBackpressure(options => options.Downstreams["Default"].Limit.Value = admitted ? 1000 : 1);
        await using WebApplication app = builder.Build();
        var pending = new List<TaskCompletionSource>();
        Task handled = Task.CompletedTask;
        var pipeline = new ApplicationBuilder(app.Services);
        pipeline.UseBackpressure();
        pipeline.Run(_ => handled);
        RequestDelegate run = pipeline.Build();
        using var server = new OneRequestAtATime();
        if (!admitted)
        {
            // Takes the only slot for good.
            handled = new TaskCompletionSource().Task;
            _ = run(new DefaultHttpContext());
        }

#if DEBUG
        // State machines are classes of their own there.
        bytes += late ? 32 : 0;
#endif
        long allocated = long.MaxValue;
        for (int i = 0; i < 50; i++)
        {
            // The first rounds pay for pools, caches and compilation.
            TaskCompletionSource? end = late ? new TaskCompletionSource() : null;
            handled = end?.Task ?? Task.CompletedTask;
            server.Begin();
            long before = GC.GetAllocatedBytesForCurrentThread();
            Task running = run(server.Context);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            end?.SetResult();
            await running;
            Assert.Equal(admitted ? 200 : 503, server.Context.Response.StatusCode);
            await server.EndAsync();
        }

        Assert.InRange(allocated, 0, bytes);
    }

    /// <summary>
    /// As a server has it: one context for all requests of a connection, and callbacks kept in lists that are reused.
    /// </summary>
    private sealed class OneRequestAtATime : IHttpResponseFeature, IHttpRequestLifetimeFeature, IDisposable
    {
        private readonly CancellationTokenSource _aborted = new();
        private readonly Stack<(Func<object, Task> Callback, object State)> _starting = new();
        private readonly Stack<(Func<object, Task> Callback, object State)> _completed = new();

        public OneRequestAtATime()
        {
            Context = new DefaultHttpContext();
            Context.Features.Set<IHttpResponseFeature>(this);
            Context.Features.Set<IHttpRequestLifetimeFeature>(this);
            Context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
            Context.Request.Method = "GET";
            Context.Request.ContentLength = 0;
            Context.Request.Path = "/";
        }

        public DefaultHttpContext Context { get; }

        public int StatusCode { get; set; } = 200;

        public string? ReasonPhrase { get; set; }

        public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

        [Obsolete("As in the interface.")]
        public Stream Body { get; set; } = Stream.Null;

        public bool HasStarted => false;

        public CancellationToken RequestAborted { get => _aborted.Token; set => throw new NotSupportedException(); }

        public void Abort() => _aborted.Cancel();

        public void OnStarting(Func<object, Task> callback, object state) => _starting.Push((callback, state));

        public void OnCompleted(Func<object, Task> callback, object state) => _completed.Push((callback, state));

        public void Begin() => StatusCode = 200;

        public async Task EndAsync()
        {
            while (_starting.TryPop(out var starting))
            {
                await starting.Callback(starting.State);
            }

            while (_completed.TryPop(out var completed))
            {
                await completed.Callback(completed.State);
            }
        }

        public void Dispose() => _aborted.Dispose();
    }
}
