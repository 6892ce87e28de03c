using Xunit.Sdk;
using Xunit.v3;

// Each test takes a whole core, and the system's clock is one for all.
[assembly: Parallelization(Mode = ParallelMode.None)]
