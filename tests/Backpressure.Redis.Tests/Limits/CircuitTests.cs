using Backpressure.Redis.Limits;

namespace Backpressure.Redis.Tests.Limits;

public sealed class CircuitTests
{
    [Fact]
    public void Circuit_IsOpenUntilAProbeIsAnswered_AndTellsEachChangeOnce()
    {
        var circuit = new Circuit();

        Assert.False(circuit.IsClosed);
        Assert.True(circuit.Open());
        Assert.False(circuit.Open());
        Assert.True(circuit.Close());
        Assert.False(circuit.Close());
        Assert.True(circuit.IsClosed);
        Assert.True(circuit.Open());
        Assert.False(circuit.IsClosed);
    }

    [Fact]
    public void TimedOut_OpensItOnlyInARow()
    {
        var circuit = new Circuit();
        circuit.Close();

        Assert.False(circuit.TimedOut());
        Assert.False(circuit.TimedOut());
        circuit.Answered();
        Assert.False(circuit.TimedOut());
        Assert.False(circuit.TimedOut());
        Assert.True(circuit.IsClosed);
        Assert.True(circuit.TimedOut());
        Assert.False(circuit.IsClosed);
        Assert.False(circuit.TimedOut());
    }

    [Fact]
    public void Answered_OfOneThatWasSentBefore_DoesNotCloseIt()
    {
        var circuit = new Circuit();
        circuit.Close();
        circuit.Open();

        circuit.Answered();

        Assert.False(circuit.IsClosed);
    }
}
