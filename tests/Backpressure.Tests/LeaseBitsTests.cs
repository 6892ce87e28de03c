using CsCheck;
using Xunit;

namespace Backpressure.Tests;

public sealed class LeaseBitsTests
{
    private static readonly AdmissionDecision[] Decisions = Enum.GetValues<AdmissionDecision>();
    private static readonly RejectionReason[] Reasons = Enum.GetValues<RejectionReason>();
    private static readonly Priority[] AllPriorities = Enum.GetValues<Priority>();
    private static readonly LeaseHolds AllHolds = Enum.GetValues<LeaseHolds>().Aggregate(static (all, one) => all | one);

    private static readonly Gen<int> Costs = Gen.OneOf(Gen.Int[1, AdmissionRequest.MaxCost], Gen.OneOf(Gen.Const(1), Gen.Const(AdmissionRequest.MaxCost)));
    private static readonly Gen<int> Weights = Gen.Int[0, 6].Select(static shift => shift == 0 ? 0 : 1 << shift);

    private static readonly Gen<Action<LeaseModel>> Changes = Gen.OneOf(
        Costs.Select(static v => Change(m => m.Cost = v)),
        Gen.Int[0, 600].Select(static v => Change(m => m.RetryAfterSeconds = v)),
        Gen.Int[0, (int)AllHolds].Select(static v => Change(m => m.Holds = (LeaseHolds)v)),
        OneOf(Decisions).Select(static v => Change(m => m.Decision = v)),
        OneOf(Reasons).Select(static v => Change(m => m.Reason = v)),
        Weights.Select(static v => Change(m => m.Weight = v)));

    [Fact]
    public void Empty_IsAdmittedAndHoldsNothing()
    {
        LeaseBits bits = default;

        Assert.Equal(
            (AdmissionDecision.Admitted, RejectionReason.None, LeaseHolds.Nothing, 0, 0, 0, Priority.Critical),
            (bits.Decision, bits.Reason, bits.Holds, bits.Cost, bits.Weight, bits.RetryAfterSeconds, bits.Priority));
    }

    [Fact]
    public void EachPart_KeepsWhatItWasGiven_WhateverTheOthersAreGiven() =>
        Gen.Select(OneOf(AllPriorities), Costs, Gen.Int[0, (int)AllHolds], Weights, Changes.Array[0, 30]).Sample(
            (priority, cost, holds, weight, changes) =>
            {
                var model = new LeaseModel(priority, cost, (LeaseHolds)holds, weight);
                model.Compare();
                foreach (Action<LeaseModel> change in changes)
                {
                    change(model);
                    model.Compare();
                }
            });

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(short.MaxValue, short.MaxValue)]
    [InlineData(short.MaxValue + 1, short.MaxValue)]
    [InlineData(int.MaxValue, short.MaxValue)]
    public void RetryAfter_BeyondWhatItHolds_IsTheMostOfIt(int seconds, int kept)
    {
        var bits = new LeaseBits(Priority.Low, AdmissionRequest.MaxCost, AllHolds, weight: 64) { Reason = Reasons[^1], RetryAfterSeconds = seconds };

        Assert.Equal((kept, AdmissionRequest.MaxCost, AllHolds, Reasons[^1]), (bits.RetryAfterSeconds, bits.Cost, bits.Holds, bits.Reason));
    }

    // A value that is added to one of these must have room.
    [Fact]
    public void EveryValueThereIs_FitsItsPart()
    {
        foreach (AdmissionDecision decision in Decisions)
        {
            foreach (RejectionReason reason in Reasons)
            {
                foreach (Priority priority in AllPriorities)
                {
                    var bits = new LeaseBits(priority, 1, AllHolds, weight: 1) { Decision = decision, Reason = reason };
                    Assert.Equal((decision, reason, priority, AllHolds, 1), (bits.Decision, bits.Reason, bits.Priority, bits.Holds, bits.Weight));
                }
            }
        }
    }

    private static Gen<T> OneOf<T>(T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Action<LeaseModel> Change(Action<LeaseModel> change) => change;

    // The parts, each in a place of its own.
    private sealed class LeaseModel(Priority priority, int cost, LeaseHolds holds, int weight)
    {
        private LeaseBits _bits = new(priority, cost, holds, weight);
        private int _cost = cost;
        private int _retryAfterSeconds;
        private LeaseHolds _holds = holds;
        private AdmissionDecision _decision;
        private RejectionReason _reason;
        private int _weight = weight;

        public int Cost
        {
            set => _bits.Cost = _cost = value;
        }

        public int RetryAfterSeconds
        {
            set => _bits.RetryAfterSeconds = _retryAfterSeconds = value;
        }

        public LeaseHolds Holds
        {
            set => _bits.Holds = _holds = value;
        }

        public AdmissionDecision Decision
        {
            set => _bits.Decision = _decision = value;
        }

        public RejectionReason Reason
        {
            set => _bits.Reason = _reason = value;
        }

        public int Weight
        {
            set => _bits.Weight = _weight = value;
        }

        public void Compare() => Assert.Equal(
            (_cost, _retryAfterSeconds, _holds, _decision, _reason, priority, _weight),
            (_bits.Cost, _bits.RetryAfterSeconds, _bits.Holds, _bits.Decision, _bits.Reason, _bits.Priority, _bits.Weight));
    }
}
