// The engine is compiled here from its own sources, with these of the platform's types replaced by ones whose every step
// Coyote can schedule. It controls Monitor and Task by itself, by rewriting the assembly, but not what Lock, cancellation
// and timers do inside the platform; each of the others says what it is for.
global using CancellationToken = Backpressure.Schedules.Controlled.ControlledToken;
global using CancellationTokenRegistration = Backpressure.Schedules.Controlled.ControlledRegistration;
global using Interlocked = Backpressure.Schedules.Controlled.ControlledInterlocked;
global using Lock = Backpressure.Schedules.Controlled.ControlledLock;
global using TimeProvider = Backpressure.Schedules.Controlled.ControlledTime;
global using Volatile = Backpressure.Schedules.Controlled.ControlledVolatile;
