using Backpressure.Simulation.Clients;
using Backpressure.Simulation.Running;
using Xunit;

namespace Backpressure.Simulation.Tests.Clients;

public class CrowdTests
{
    [Fact]
    public void ComesBack_WhenTriedAsOftenAsAllowed_IsFalse()
    {
        Crowd crowd = new(new ClientSpec { Retries = 3 }, 1, 1);
        Request request = new(null!);

        bool[] answers = [.. Enumerable.Range(0, 4).Select(_ => crowd.ComesBack(request, 0, 0))];

        Assert.Equal([true, true, true, false], answers);
    }

    [Fact]
    public void ComesBack_WhenToldATime_IsThen_IfTheClientObeys()
    {
        Crowd obedient = new(new ClientSpec { Retries = 3, ObeysRetryAfter = true }, 1, 1);
        Crowd stubborn = new(new ClientSpec { Retries = 3 }, 1, 1);

        obedient.ComesBack(new Request(null!), 10, 7);
        stubborn.ComesBack(new Request(null!), 10, 7);

        Assert.Equal(17, obedient.NextDue);
        Assert.InRange(stubborn.NextDue, 10.05, 10.15);
    }

    [Fact]
    public void Take_WhenAnsweredBefore_HasNobodyToGiveUp()
    {
        Crowd crowd = new(new ClientSpec { Retries = 3, TimeOut = 0.5 }, 1, 1);
        Request request = new(null!);
        crowd.Sent(request, 1);
        Assert.Equal(1.5, crowd.NextDue);

        crowd.Answered(request, 1.2);

        Assert.Null(crowd.Take());
        Assert.Equal(double.PositiveInfinity, crowd.NextDue);
    }

    [Fact]
    public void Take_WhenNotAnswered_IsTheOneWhoGivesUp()
    {
        Crowd crowd = new(new ClientSpec { Retries = 3, TimeOut = 0.5 }, 1, 1);
        Request request = new(null!);
        crowd.Sent(request, 1);

        Assert.Same(request, crowd.Take());
        Assert.False(request.Pausing);
        Assert.True(crowd.ComesBack(request, 1.5, 0));
        Assert.True(request.Pausing);
    }

    [Fact]
    public void MayRetry_WhenEverythingFails_IsATenthOfTheFirstAttempts()
    {
        CallingProcess caller = new();
        int retries = 0;
        for (int i = 0; i < 1000; i++)
        {
            caller.MaySend(i * 0.01, 1);
            retries += caller.MayRetry() ? 1 : 0;
        }

        // And the ten that it begins with.
        Assert.InRange(retries, 105, 110);
    }

    [Fact]
    public void MaySend_WhenTheDestinationRefusesAll_HoldsBackMostButNeverAll()
    {
        CallingProcess caller = new();
        int sent = 0;
        for (int i = 0; i < 1000; i++)
        {
            if (caller.MaySend(i * 0.01, i % 100 / 100.0))
            {
                sent++;
                caller.Failed(i * 0.01, 0);
            }
        }

        Assert.InRange(sent, 100, 150);
    }

    [Fact]
    public void MaySend_AfterRetryAfter_HoldsBackUntilThen()
    {
        CallingProcess caller = new();
        caller.Failed(1, retryAfterSeconds: 2);

        Assert.False(caller.MaySend(2.9, 1));
        Assert.True(caller.MaySend(3, 1));
    }

    [Fact]
    public void MaySend_WhenAllAreAccepted_HoldsNobodyBack()
    {
        CallingProcess caller = new();
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(caller.MaySend(i * 0.01, 0));
            caller.Served(i * 0.01);
        }
    }
}
