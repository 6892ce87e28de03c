// Each loads the whole machine: beside each other they would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
