using Backpressure.Admission;
using Xunit;
using static Backpressure.Tests.Admission.GateRig;

namespace Backpressure.Tests.Admission;

public sealed class GateRoomTests
{
    [Fact]
    public void RoomFor_IsFreeUnitsAndPlacesToWait()
    {
        var rig = new GateRig(4, Queue(capacity: 10, block: 20));
        Assert.True(rig.Gate.TryEnter(1));

        Assert.Equal(13, Room(rig, Overflow.Shed));
        Assert.Equal(23, Room(rig, Overflow.Block));
        Assert.Equal(3, Room(rig, Overflow.Reject));
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(3, 2)] // Of seven free units one is left over.
    [InlineData(8, 0)]
    public void RoomFor_OfSeveralUnitsEach_IsAsManyAsFit(int cost, int expected)
    {
        var rig = new GateRig(8, Queue(capacity: 10));
        Assert.True(rig.Gate.TryEnter(1));

        Assert.Equal(expected, Room(rig, Overflow.Reject, cost: cost));
        Assert.Equal(10 + expected, Room(rig, Overflow.Shed, cost: cost));
    }

    [Theory]
    [InlineData(2, 10 - 2)]
    [InlineData(3, 10 - 2)] // Four units too many are two of three units.
    [InlineData(4, 10 - 1)]
    public void RoomFor_OfSeveralUnitsEachAfterACut_IsLessByAsManyAsMustEnd(int cost, int expected)
    {
        var rig = new GateRig(6, Queue(capacity: 10));
        rig.Fill();
        DecidedWaiters decided = default;
        rig.Gate.SetLimit(2, 2, rig.Now, ref decided);

        Assert.Equal(expected, Room(rig, Overflow.Shed, cost: cost));
    }

    [Fact]
    public void RoomFor_WhileSomebodyWaits_IsTheOtherPlaces()
    {
        var rig = new GateRig(1, Queue(capacity: 10));
        rig.Fill();
        rig.Wait();
        rig.Wait();

        Assert.Equal(8, Room(rig, Overflow.Shed));
        Assert.Equal(0, Room(rig, Overflow.Reject));
    }

    [Fact]
    public void RoomFor_AfterACutOfTheLimit_IsLessByWhatRunsAboveIt()
    {
        var rig = new GateRig(6, Queue(capacity: 10));
        rig.Fill();
        DecidedWaiters decided = default;
        rig.Gate.SetLimit(2, 2, rig.Now, ref decided);

        Assert.Equal(6, Room(rig, Overflow.Shed));
        Assert.Equal(0, Room(rig, Overflow.Reject));
    }

    [Fact]
    public void RoomFor_AfterTheEnd_IsNone()
    {
        var rig = new GateRig(4);
        DecidedWaiters decided = default;
        rig.Gate.Close(rig.Now, ref decided);

        Assert.Equal(0, Room(rig, Overflow.Shed));
    }

    [Fact]
    public void RoomFor_WhereTheDrainIsKnown_IsNoMoreThanDrainsInTime()
    {
        var rig = new GateRig(1, Queue(capacity: 1000));
        rig.Fill();
        rig.Wait(maxWait: 1000);

        // Ten a second for a while, with somebody waiting all the time.
        for (int i = 0; i < 50; i++)
        {
            rig.Wait(maxWait: 1000);
            rig.Advance(0.1);
            rig.Leave();
        }

        Assert.InRange(rig.Gate.DrainPerSecond, 8, 12);
        int room = Room(rig, Overflow.Shed, 2);
        Assert.InRange(room, 14, 23);
        Assert.InRange(Room(rig, Overflow.Shed, 0.5), 2, 5);
    }

    [Fact]
    public void RoomFor_OfThoseBelow_IsLessByWhoGoesBeforeThem()
    {
        var rig = new GateRig(1, Queue(capacity: 1000));
        rig.Drain(100);
        rig.Wait();
        rig.Wait(Priority.Low);
        rig.Wait(Priority.Low);

        Span<int> room = [-1, -1, -1, -1];
        rig.Gate.RoomFor(1, Priority.High, Overflow.Shed, rig.Ticks(2), room);

        Assert.Equal(-1, room[0]);
        Assert.Equal(room[1] - 1, room[2]);
        Assert.Equal(room[1] - 3, room[3]);
    }

    [Fact]
    public void RoomFor_WhileSomebodyHeavyWaits_WhatIsFreeIsHis()
    {
        var rig = new GateRig(3, Queue(capacity: 10));
        Assert.True(rig.Gate.TryEnter(2));
        rig.Wait(cost: 2);

        Assert.Equal(0, Room(rig, Overflow.Reject));
        Assert.Equal(9, Room(rig, Overflow.Shed));
    }

    [Fact]
    public void RoomFor_ThoseWhoBlock_IsWhatOthersHaveLeftOfTheirPlaces()
    {
        var rig = new GateRig(1, Queue(block: 5));
        rig.Fill();
        rig.Wait(overflow: Overflow.Block);
        rig.Wait(overflow: Overflow.Block);

        Assert.Equal(3, Room(rig, Overflow.Block));
    }

    // A dip drains less for a moment and a look more: neither says how much drains usually.
    [Theory]
    [InlineData(10, 10, 100)]
    [InlineData(8, 10, 125)]
    [InlineData(14, 10, 100)]
    public void RoomFor_InADipOrALook_GoesByWhatDrainsAtTheNominalLimit(int limit, int nominal, int perSecond)
    {
        var rig = new GateRig(10, Queue(capacity: 1000));
        rig.Drain(100);
        rig.SetLimit(limit, nominal);

        Assert.InRange(Room(rig, Overflow.Shed, 2), (2 * perSecond * 0.95) - 10, (2 * perSecond * 1.05) + 10);
    }

    private static int Room(GateRig rig, Overflow overflow, double maxWait = 1000, int cost = 1)
    {
        Span<int> room = stackalloc int[Priorities.Count];
        rig.Gate.RoomFor(cost, Priority.Normal, overflow, rig.Ticks(maxWait), room);
        return room[(int)Priority.Normal];
    }
}
