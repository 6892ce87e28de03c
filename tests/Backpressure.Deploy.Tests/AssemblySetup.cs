using Xunit.Sdk;
using Xunit.v3;

// Each loads the whole machine: beside each other they would measure each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
